package io.blobstore.cas;

import static io.blobstore.cas.CacheFixture.KIB;
import static io.blobstore.cas.CacheFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheFixture.Content;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests many threads on one cache, interrupts, and closing (faults F6, F9, F11, F17). */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class CacheConcurrencyTest {
    @TempDir
    Path temporary;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    private ContentCache open(long max) throws IOException {
        return CacheFixture.open(temporary.resolve("cache"), CacheOptions.ofMaxBytes(max));
    }

    private <T> List<T> together(int count, Callable<T> work) throws Exception {
        CyclicBarrier start = new CyclicBarrier(count);
        List<Future<T>> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(threads.submit(() -> {
                start.await();
                return work.call();
            }));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> one : all) {
            results.add(one.get(30, TimeUnit.MINUTES));
        }
        return results;
    }

    /** A source that counts how often it is read from its start, and can wait there. */
    private static class CountedSource implements BlobSource {
        private final BlobSource source;
        private final AtomicInteger reads = new AtomicInteger();

        CountedSource(BlobSource source) {
            this.source = source;
        }

        void atStart() throws IOException {
            reads.incrementAndGet();
        }

        @Override
        public long size() {
            return source.size();
        }

        @Override
        public BlobSource slice(long offset, long length) {
            return offset > 0
                    ? source.slice(offset, length)
                    : new CountedSource(source.slice(offset, length)) {
                        @Override
                        void atStart() throws IOException {
                            CountedSource.this.atStart();
                        }
                    };
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            atStart();
            source.forEachBuffer(maxBufferSize, visitor);
        }

        @Override
        public void checkUnchanged() throws IOException {
            source.checkUnchanged();
        }
    }

    @Test
    void aHundredConcurrentPutsOfOneContentReadOneSourceAndMakeOneFile() throws Exception {
        for (Content content : List.of(CacheFixture.text(1, 200 * KIB), CacheFixture.text(2, 3 * MIB))) {
            try (ContentCache cache = open(64L << 20)) {
                CountedSource source = new CountedSource(content.source());
                AtomicInteger stored = new AtomicInteger();
                together(100, () -> {
                    if (cache.put(content.digest(), source)) {
                        stored.incrementAndGet();
                    }
                    CacheFixture.requireHit(cache, content);
                    return true;
                });
                assertThat(stored).hasValue(1);
                // a frame is visited twice: to be hashed, and to be compressed
                assertThat(source.reads.get()).isLessThanOrEqualTo(2);
                assertThat(cache.stats().entries()).isEqualTo(1);
                assertThat(cache.stats().reservedBytes()).isZero();
                cache.remove(content.digest());
                CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            }
            assertThat(CacheFixture.files(temporary.resolve("cache"))).isEmpty();
        }
    }

    /** A source that fails, or waits, at its first byte. */
    private static final class BlockedSource extends CountedSource {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);
        private final boolean fails;

        BlockedSource(Content content, boolean fails) {
            super(content.source());
            this.fails = fails;
        }

        @Override
        void atStart() throws IOException {
            begun.countDown();
            try {
                if (!go.await(1, TimeUnit.MINUTES)) {
                    throw new IOException("nobody came");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
            if (fails) {
                throw new IOException("cannot be read");
            }
        }
    }

    @Test
    void whoWaitsForAPutThatFailsPutsItself() throws Exception {
        Content content = CacheFixture.text(1, 3 * MIB);
        BlockedSource bad = new BlockedSource(content, true);
        try (ContentCache cache = open(64L << 20)) {
            Future<Boolean> first = threads.submit(() -> cache.put(content.digest(), bad));
            bad.begun.await();
            Future<Boolean> second = threads.submit(() -> cache.put(content.digest(), content.source()));
            bad.go.countDown();
            assertThatThrownBy(first::get).hasRootCauseMessage("cannot be read");
            assertThat(second.get()).isTrue();
            CacheFixture.requireHit(cache, content);
            assertThat(cache.stats().reservedBytes()).isZero();
            CacheFixture.requireNoTemporaries(cache);
        }
    }

    @Test
    void anInterruptedPutLeavesNothingAndKeepsTheInterrupt() throws Exception {
        Content content = CacheFixture.text(1, 3 * MIB);
        BlockedSource blocked = new BlockedSource(content, false);
        try (ContentCache cache = open(64L << 20)) {
            Thread[] putting = new Thread[2];
            CountDownLatch secondStarted = new CountDownLatch(1);
            Callable<Boolean> first = () -> {
                putting[0] = Thread.currentThread();
                assertThatThrownBy(() -> cache.put(content.digest(), blocked)).isInstanceOf(IOException.class);
                return Thread.interrupted();
            };
            Future<Boolean> one = threads.submit(first);
            blocked.begun.await();
            Future<Boolean> waiting = threads.submit(() -> {
                putting[1] = Thread.currentThread();
                secondStarted.countDown();
                assertThatThrownBy(() -> cache.put(content.digest(), content.source()))
                        .isInstanceOf(InterruptedIOException.class);
                return Thread.interrupted();
            });
            secondStarted.await();
            putting[1].interrupt();
            assertThat(waiting.get()).isTrue();
            putting[0].interrupt();
            assertThat(one.get()).isTrue();
            assertThat(cache.stats().reservedBytes()).isZero();
            CacheFixture.requireNoTemporaries(cache);
            assertThat(cache.put(content.digest(), content.source())).isTrue();
        }
    }

    @Test
    void anInterruptAtAnyMomentOfAPutOrGetLeavesTheCacheInOrder() throws Exception {
        List<Content> contents = List.of(CacheFixture.text(1, 30 * KIB), CacheFixture.text(2, 2 * MIB + 5));
        try (ContentCache cache = open(64L << 20)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger interrupted = new AtomicInteger();
            AtomicInteger done = new AtomicInteger();
            Thread worker = new Thread(() -> {
                for (int i = 0; !stop.get(); i++) {
                    Content content = contents.get(i % 2);
                    try {
                        cache.put(content.digest(), content.source());
                        CacheFixture.requireHit(cache, content);
                        cache.putRecord(Keyspace.RAW, content.digest().sha256(), content.source());
                        cache.remove(content.digest());
                        done.incrementAndGet();
                    } catch (IOException e) {
                        assertThat(Thread.interrupted())
                                .as("interrupt kept after %s", e)
                                .isTrue();
                        interrupted.incrementAndGet();
                    }
                    Thread.interrupted();
                }
            });
            AtomicBoolean failed = new AtomicBoolean();
            worker.setUncaughtExceptionHandler((thread, e) -> {
                e.printStackTrace();
                failed.set(true);
            });
            worker.start();
            int wanted = CampaignScale.of(500, 30);
            SplittableRandom random = new SplittableRandom(1);
            while (interrupted.get() < wanted && worker.isAlive()) {
                worker.interrupt();
                long until = System.nanoTime() + random.nextInt(3_000_000);
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
            stop.set(true);
            worker.join();
            assertThat(failed).isFalse();
            CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            assertThat(cache.stats().reservedBytes()).isZero();
            assertThat(cache.stats().corrupt()).isZero();
            assertThat(cache.stats().storedBytes())
                    .isEqualTo(CacheFixture.blocks(CacheFixture.files(temporary.resolve("cache"))));
            CacheFixture.requireNoTemporaries(cache);
        }
    }

    @Test
    void closingWaitsForThoseWhoWorkAndRefusesTheRest() throws Exception {
        Content content = CacheFixture.text(1, 3 * MIB);
        BlockedSource blocked = new BlockedSource(content, false);
        ContentCache cache = open(64L << 20);
        Content other = CacheFixture.text(2, 5 * MIB);
        cache.put(other.digest(), other.source());
        CachedContent open = cache.open(other.digest()).orElseThrow();
        ContentWriter writer = cache.write(content.digest());
        writer.write(content.bytes().slice(0, 2 * MIB));
        Future<Boolean> put = threads.submit(() -> cache.put(content.digest(), blocked));
        blocked.begun.await();
        Future<?> close = threads.submit(() -> {
            cache.close();
            return null;
        });
        CacheFixture.await(() -> {
            try {
                cache.contains(content.digest());
                return false;
            } catch (IOException e) {
                throw new AssertionError(e);
            } catch (IllegalStateException e) {
                return true;
            }
        });
        assertThat(close).isNotDone();
        assertThat(put).isNotDone();
        open.close();
        blocked.go.countDown();
        assertThat(put.get()).isTrue();
        close.get();
        for (org.assertj.core.api.ThrowableAssert.ThrowingCallable refused :
                List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                        () -> cache.put(content.digest(), content.source()),
                        () -> cache.get(content.digest(), ByteRange.all(), ByteBuffer.allocate(1)),
                        () -> cache.open(content.digest()),
                        () -> cache.write(content.digest()),
                        () -> cache.getRecord(Keyspace.RAW, content.digest().sha256()),
                        () -> open.read(ByteRange.all(), ByteBuffer.allocate(1)),
                        () -> writer.write(ByteBuffer.allocate(1)),
                        () -> writer.read(0, ByteBuffer.allocate(1)),
                        writer::commit)) {
            assertThatThrownBy(refused).isInstanceOf(IllegalStateException.class);
        }
        open.close();
        writer.close();
        cache.close();
        try (ContentCache again = open(64L << 20)) {
            CacheFixture.requireHit(again, content);
            CacheFixture.requireHit(again, other);
            assertThat(again.stats().entries()).isEqualTo(2);
            CacheFixture.requireNoTemporaries(again);
        }
    }

    @Test
    void aReadOnlyCacheReadsAndChangesNothing() throws IOException {
        Content content = CacheFixture.text(1, 2 * MIB);
        Sha256 key = content.digest().sha256();
        try (ContentCache cache = open(64L << 20)) {
            cache.put(content.digest(), content.source());
            CacheOptions readOnly = CacheOptions.builder()
                    .maxBytes(1)
                    .accessMode(AccessMode.READ_ONLY)
                    .build();
            try (ContentCache reader = ContentCache.open(temporary.resolve("cache"), readOnly)) {
                CacheFixture.requireHit(reader, content);
                for (org.assertj.core.api.ThrowableAssert.ThrowingCallable refused :
                        List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                                () -> reader.put(content.digest(), content.source()),
                                () -> reader.write(5),
                                () -> reader.remove(content.digest()),
                                () -> reader.putRecord(Keyspace.RAW, key, content.source()),
                                () -> reader.evictTo(0))) {
                    assertThatThrownBy(refused)
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("read-only");
                }
            }
            CacheFixture.requireHit(cache, content);
        }
    }

    // ---- random steps

    @Test
    void anyStepsOfManyThreadsAreThoseOfAMap() throws Exception {
        runSteps(CampaignScale.of(20_000, 2_000));
    }

    @Test
    @Campaign(representedBy = CacheConcurrencyTest.class)
    void aMillionStepsOfManyThreadsAreThoseOfAMap() throws Exception {
        runSteps(CampaignScale.of(1_000_000));
    }

    /**
     * Each of 8 threads puts, reads and removes contents of its own and of all, while all of them do not fit the cache.
     * What is there must be right, and what a thread removed must be gone until somebody puts it again.
     */
    private void runSteps(int steps) throws Exception {
        int workers = 8;
        List<Content> contents = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            contents.add(i % 3 == 0 ? CacheFixture.random(i, 1 + i * 977) : CacheFixture.text(i, 1 + i * 5003));
        }
        contents.add(CacheFixture.text(40, MIB + 1));
        long max = 2L << 20;
        AtomicLong next = new AtomicLong();
        AtomicInteger hits = new AtomicInteger();
        AtomicInteger full = new AtomicInteger();
        try (ContentCache cache = open(max)) {
            together(workers, () -> {
                SplittableRandom random = new SplittableRandom(next.incrementAndGet());
                ByteBuffer target = ByteBuffer.allocateDirect(2 * MIB);
                int mine = (int) next.get() % 40;
                for (int step = 0; step < steps / workers; step++) {
                    Content content = contents.get(random.nextInt(50) == 0 ? 40 : random.nextInt(40));
                    try {
                        switch (random.nextInt(6)) {
                            case 0, 1 -> cache.put(content.digest(), content.source());
                            case 2 -> cache.remove(content.digest());
                            case 3 -> {
                                try (ContentWriter writer = cache.write(content.digest())) {
                                    writer.write(content.bytes().duplicate());
                                    if (random.nextBoolean()) {
                                        writer.commit();
                                    }
                                }
                            }
                            case 4 -> requireRight(cache, content, target, hits);
                            default -> requireLease(cache, content, target);
                        }
                    } catch (CacheFullException e) {
                        full.incrementAndGet();
                    }
                }
                return mine;
            });
            CacheFixture.await(() -> cache.stats().doomedBytes() == 0);
            List<Path> files = CacheFixture.files(temporary.resolve("cache"));
            assertThat(cache.stats().storedBytes())
                    .isEqualTo(CacheFixture.blocks(files))
                    .isLessThanOrEqualTo(max);
            assertThat(cache.stats().entries()).isEqualTo(files.size());
            assertThat(cache.stats().reservedBytes()).isZero();
            assertThat(cache.stats().corrupt()).isZero();
            CacheFixture.requireNoTemporaries(cache);
            assertThat(hits.get()).as("%s found, %s refused", hits, full).isGreaterThan(steps / 100);
            for (Content content : contents) {
                cache.remove(content.digest());
                CacheFixture.requireMiss(cache, content.digest());
                assertThat(cache.put(content.digest(), content.source())).isTrue();
                CacheFixture.requireHit(cache, content);
            }
        }
    }

    private static void requireRight(ContentCache cache, Content content, ByteBuffer target, AtomicInteger hits)
            throws IOException {
        target.clear();
        if (cache.get(content.digest(), ByteRange.all(), target).isPresent()) {
            assertThat(target.flip()).isEqualTo(content.bytes());
            hits.incrementAndGet();
        } else {
            assertThat(target.position()).isZero();
        }
    }

    private static void requireLease(ContentCache cache, Content content, ByteBuffer target) throws IOException {
        var open = cache.open(content.digest());
        if (open.isPresent()) {
            try (CachedContent leased = open.get()) {
                target.clear();
                leased.read(ByteRange.all(), target); // must not fail, whatever others do
                assertThat(target.flip()).isEqualTo(content.bytes());
            }
        }
    }
}
