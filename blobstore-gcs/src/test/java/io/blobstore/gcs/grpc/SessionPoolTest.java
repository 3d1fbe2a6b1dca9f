package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.contract.LeakCheck;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The sessions of {@link SessionPool}, and what becomes of them when reads fail, are cancelled, or the store closes.
 */
@ExtendWith(LeakCheck.class)
class SessionPoolTest extends GrpcReadsBase {
    private static final int THREADS = 64;

    // ---- creation

    @Test
    void manyReadersOfOneKeyKeepNoMoreSessionsThanConnections() throws Exception {
        fake.put("blob", CONTENT);

        assertThat(readByAll(Optional.empty())).isEmpty();

        // A read that comes while one is opened waits for the next, as it must see the current version.
        assertThat(reads.sessions()).isBetween(1, 4);
        assertThat(fake.counts.readSessions.get()).isBetween(1L, THREADS / 2L);
        assertThat(fake.counts.ranges.get()).isEqualTo(THREADS);
    }

    @Test
    void manyReadersOfOneVersionCreateNoMoreSessionsThanConnections() throws Exception {
        long generation = fake.put("blob", CONTENT);

        assertThat(readByAll(Optional.of(generation))).isEmpty();

        assertThat(fake.counts.readSessions.get()).isBetween(1L, 4L);
        assertThat(reads.sessions()).isEqualTo((int) fake.counts.readSessions.get());
    }

    @Test
    void aFailedCreationGivesItsSlotBack() throws Exception {
        long generation = fake.put("blob", CONTENT);
        fake.faults.failReadOpens(
                1, Status.UNAVAILABLE.withDescription("as scripted").asRuntimeException());

        assertThat(readByAll(Optional.of(generation))).isEmpty();

        assertThat(fake.counts.readSessions.get()).as("created, one in vain").isBetween(2L, 5L);
        assertThat(reads.sessions()).as("good sessions").isBetween(1, 4);
        holdAllSlots(generation);
    }

    /** Takes each slot, which shows that none is lost. */
    private void holdAllSlots(long generation) throws Exception {
        fake.faults.ranges(4, range -> true, new ReadFault.Silence(1));
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try {
            for (int i = 0; i < 4; i++) {
                executor.submit(() -> readAll(Optional.of(generation)));
            }
            await(() -> fake.counts.openReadSessions.get() >= 4);
            assertThat(reads.sessions()).isEqualTo(4);
        } finally {
            reads.close();
            executor.shutdown();
            assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    private List<Throwable> readByAll(Optional<Long> generation) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        CountDownLatch ready = new CountDownLatch(THREADS);
        List<Future<Void>> futures = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            long offset = i * 4096L;
            futures.add(executor.submit((Callable<Void>) () -> {
                ready.countDown();
                ready.await();
                ByteBuffer target = ByteBuffer.allocateDirect(4096);
                read(reads, ByteRange.of(offset, 4096), generation, target);
                assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, (int) offset, 4096));
                return null;
            }));
        }
        List<Throwable> failures = new ArrayList<>();
        for (Future<Void> future : futures) {
            try {
                future.get();
            } catch (ExecutionException e) {
                failures.add(e.getCause());
            }
        }
        executor.shutdown();
        assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        return failures;
    }

    private Void readAll(Optional<Long> generation) throws IOException {
        read(reads, ByteRange.all(), generation, ByteBuffer.allocateDirect(CONTENT.length));
        return null;
    }

    @Test
    void largeRangesThatBeginTogetherAreSpreadOverAllConnections() throws Exception {
        long generation = fake.put("blob", CONTENT);
        fake.faults.ranges(8, range -> true, new ReadFault.Silence(2));
        ExecutorService executor = Executors.newFixedThreadPool(8);
        List<Future<?>> futures = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            futures.add(executor.submit(() -> readAll(Optional.of(generation))));
        }
        await(() -> fake.counts.ranges.get() == 8);

        assertThat(fake.counts.readSessions.get()).isEqualTo(4);
        assertThat(fake.connections()).isEqualTo(4);
        assertThat(fake.counts.mostRangesOfSession.get()).isEqualTo(2);
        reads.close();
        for (Future<?> future : futures) {
            assertThatThrownBy(future::get).hasCauseInstanceOf(IllegalStateException.class);
        }
        executor.shutdown();
    }

    // ---- use

    @Test
    void consecutiveReadsUseOneSession() throws IOException {
        long generation = fake.put("blob", CONTENT);
        for (int i = 0; i < 20; i++) {
            read(reads, ByteRange.of(i, 10), Optional.of(generation), ByteBuffer.allocate(10));
        }
        assertThat(fake.counts.readSessions.get()).isEqualTo(1);
        assertThat(fake.connections()).isEqualTo(1);
    }

    @Test
    void aSessionWhoseReadFailedIsNotUsedAgain() throws IOException {
        long generation = fake.put("blob", CONTENT);
        fake.faults.nextRange(new ReadFault.Short(1));

        readAll(Optional.of(generation));
        readAll(Optional.of(generation));

        assertThat(fake.counts.readSessions.get()).isEqualTo(2);
        assertThat(reads.sessions()).isEqualTo(1);
    }

    @Test
    void smallRangesAvoidConnectionsThatCarryLargeOnes() throws Exception {
        long generation = fake.put("blob", CONTENT);
        try (GrpcReads two = GrpcReads.create(settings(2, Duration.ofSeconds(30)))) {
            fake.faults.ranges(1, range -> range.getReadLength() > 4096, new ReadFault.Silence(2));
            ExecutorService executor = Executors.newSingleThreadExecutor();
            Future<?> large = executor.submit(() ->
                    read(two, ByteRange.all(), Optional.of(generation), ByteBuffer.allocateDirect(CONTENT.length)));
            await(() -> fake.counts.messages.get() >= 1);
            for (int i = 0; i < 10; i++) { // behind the large range, each would wait for ever
                read(two, ByteRange.of(i, 4096), Optional.of(generation), ByteBuffer.allocate(4096));
            }
            assertThat(large.isDone()).isFalse();
            assertThat(fake.counts.readSessions.get()).isEqualTo(2);
            two.close();
            assertThatThrownBy(large::get).hasCauseInstanceOf(IllegalStateException.class);
            executor.shutdown();
        }
    }

    @Test
    void idleSessionsAreBoundedInNumberAndTime() throws Exception {
        List<Connection> connections = List.of(Connection.create(settings(1, Duration.ofSeconds(30))));
        SessionPool.Opener opener = (connection, object, generation, redirect) -> ReadSession.open(
                connection,
                "projects/_/buckets/" + FakeGrpcStorage.BUCKET,
                object,
                generation,
                redirect,
                TimeUnit.SECONDS.toNanos(30));
        try (SessionPool pool = new SessionPool(opener, connections, 3, Duration.ofMillis(200))) {
            for (int i = 0; i < 10; i++) {
                fake.put("blob" + i, new byte[10]);
                pool.acquire("blob" + i, 0, 10, Optional.empty()).close();
                assertThat(pool.size()).isLessThanOrEqualTo(3);
            }
            await(() -> pool.size() == 0);
            await(() -> fake.counts.openReadSessions.get() == 0);
        }
    }

    // ---- cancellation and close

    @Test
    void anInterruptedReadLeavesItsMemoryAlone() throws Exception {
        long generation = fake.put("blob", CONTENT);
        fake.faults.nextRange(new ReadFault.Delay(3, Duration.ofMillis(100)));
        ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
        List<Throwable> failure = new ArrayList<>();
        Thread reader = new Thread(() -> {
            try {
                read(reads, ByteRange.all(), Optional.of(generation), target);
            } catch (IOException e) {
                failure.add(e);
            }
            for (int i = 0; i < target.capacity(); i++) {
                target.put(i, (byte) 7);
            }
        });
        reader.start();
        await(() -> fake.counts.messages.get() >= 2);
        reader.interrupt();
        reader.join();

        assertThat(failure).singleElement().isInstanceOf(BlobStoreException.class);
        assertThat(failure.get(0)).hasRootCauseInstanceOf(InterruptedException.class);
        await(() -> fake.counts.openReadSessions.get() == 0);
        for (int i = 0; i < target.capacity(); i++) {
            if (target.get(i) != 7) {
                throw new AssertionError("byte " + i + " was changed after the read had returned");
            }
        }
    }

    @Test
    void anAbandonedRangeDoesNotEndTheOthersOfItsSession() throws Exception {
        long generation = fake.put("blob", CONTENT);
        List<Connection> connections = List.of(Connection.create(settings(1, Duration.ofSeconds(30))));
        SessionPool.Opener opener = (connection, object, version, redirect) -> ReadSession.open(
                connection,
                "projects/_/buckets/" + FakeGrpcStorage.BUCKET,
                object,
                version,
                redirect,
                TimeUnit.SECONDS.toNanos(30));
        try (SessionPool pool = new SessionPool(opener, connections);
                SessionPool.Lease one = pool.acquire("blob", generation, 10, Optional.empty());
                SessionPool.Lease other = pool.acquire("blob", generation, 10, Optional.empty())) {
            assertThat(other.session()).isSameAs(one.session());
            RangeRead abandoned =
                    one.request(0, CONTENT.length, BlobTarget.Window.of(ByteBuffer.allocateDirect(CONTENT.length)));
            ByteBuffer target = ByteBuffer.allocate(10);
            RangeRead kept = other.request(5, 10, BlobTarget.Window.of(target));
            assertThat(abandoned.await(0)).isIn(RangeRead.Outcome.ABANDONED, RangeRead.Outcome.COMPLETE);
            one.session().release(abandoned, false);

            assertThat(kept.await(TimeUnit.SECONDS.toNanos(30))).isEqualTo(RangeRead.Outcome.COMPLETE);
            other.session().release(kept, true);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, 5, 10));
            assertThat(one.session().isUsable()).isFalse();
            assertThat(one.session().awaitEnd(TimeUnit.SECONDS.toNanos(30))).isTrue();
        }
    }

    @Test
    void closeEndsAllRanges() throws Exception {
        long generation = fake.put("blob", Arrays.copyOf(CONTENT, MIB));
        fake.messageSize(MIB / 4);
        fake.faults.ranges(32, range -> true, new ReadFault.Silence(2));
        ExecutorService executor = Executors.newFixedThreadPool(32);
        List<Future<?>> futures = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            ByteBuffer target = ByteBuffer.allocateDirect(MIB);
            futures.add(executor.submit(() -> read(reads, ByteRange.all(), Optional.of(generation), target)));
        }
        await(() -> fake.counts.ranges.get() == 32);
        reads.close();
        for (Future<?> future : futures) {
            assertThatThrownBy(future::get).hasCauseInstanceOf(IllegalStateException.class);
        }
        reads.close();
        executor.shutdown();
        assertThat(executor.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        assertThat(reads.sessions()).isZero();
        await(() -> fake.openConnections() == 0);
        assertThatThrownBy(() -> readAll(Optional.empty())).isInstanceOf(IllegalStateException.class);
    }
}
