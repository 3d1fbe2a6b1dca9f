package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.RetryPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One download for all reads that wait for it, and what happens when it fails. */
class FillTest extends CachedStoreFixture {
    private static final int SIZE = 4 * MIB + 5;
    private static final byte[] CONTENT = bytes(SIZE, 1);

    @BeforeEach
    void storeContent() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(CONTENT));
    }

    private Future<ReadResult> readLater(ByteRange range) {
        return threads.submit(() -> read(range, CONTENT));
    }

    private void awaitWaiters(int reads) {
        Blocking.until(() -> store.stats().coalesced() >= reads - 1);
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    // ---- one download

    @ParameterizedTest
    @ValueSource(ints = {1000, SIZE})
    void sixtyFourReadsOfAColdBlobAreOneDownload(int size) throws Exception {
        byte[] content = bytes(size, 2);
        memory.store(KEY, ByteBuffer.wrap(content));
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> Blocking.await(go));
        List<Future<ReadResult>> reads = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            ByteRange range = i % 2 == 0 ? ByteRange.all() : ByteRange.of(size / 3, size / 2);
            reads.add(threads.submit(() -> read(range, content)));
        }
        awaitWaiters(64);
        go.countDown();

        for (Future<ReadResult> read : reads) {
            get(read);
        }
        assertThat(remote.reads()).containsExactly("0+" + size);
        assertThat(remote.bytes()).isEqualTo(size);
        assertThat(CacheFiles.contents(directory.resolve("cache"))).hasSize(1);
        assertThat(store.stats().fills()).isEqualTo(1);
        assertThat(store.stats().coalesced()).isEqualTo(63);
    }

    @Test
    void readsGetBytesWhileTheDownloadGoesOn() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> {
            if (offset >= 3 * MIB) {
                Blocking.await(end);
            }
        });

        get(readLater(ByteRange.of(0, 2 * MIB)));

        assertThat(remote.bytes()).isLessThan(SIZE);
        end.countDown();
        get(readLater(ByteRange.all()));
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void theLastBytesAreDeliveredAfterTheWholeContentWasVerified() throws Exception {
        // A bit of the last piece is flipped: all readers are at the end by then.
        List<Long> reached = new ArrayList<>();
        Slow window = new Slow(SIZE, reached);
        remote.onRead((request, offset, piece) -> {
            if (offset + piece.remaining() == SIZE) {
                Blocking.until(() -> window.remaining() < SIZE); // the read has begun with what was written
                piece.put(0, (byte) (piece.get(0) ^ 1));
            }
        });

        assertThatExceptionOfType(IntegrityException.class)
                .isThrownBy(() -> store.read(KEY, ByteRange.all(), window, ReadOptions.DEFAULT));

        assertThat(SIZE - window.remaining()).isLessThanOrEqualTo(SIZE - Fill.HELD_BACK);
        assertThat(cache.stats().entries()).isZero();
    }

    /** A window onto memory. */
    private static final class Slow implements BlobTarget.Window {
        private final ByteBuffer memory;
        private final List<Long> reached;

        Slow(int size, List<Long> reached) {
            memory = ByteBuffer.allocateDirect(size);
            this.reached = reached;
        }

        @Override
        public long remaining() {
            return memory.remaining();
        }

        @Override
        public ByteBuffer buffer() {
            reached.add((long) memory.position());
            return memory;
        }
    }

    @Test
    void aReadAllocatesLittleHeap() throws IOException {
        read(ByteRange.all(), CONTENT);
        ByteBuffer target = ByteBuffer.allocateDirect(SIZE);
        store.read(KEY, ByteRange.all(), target);

        long allocated = AllocatedBytes.of(() -> store.read(KEY, ByteRange.all(), target.clear()));

        assertThat(allocated).isLessThan(256 << 10);
    }

    // ---- failures of the download

    enum Failure {
        /** The connection is reset, each time. */
        DIES,
        /** The request blocks until it is interrupted. */
        HANGS,
        /** The store returns fewer bytes, and says nothing. */
        TRUNCATES,
        /** The store returns other bytes. */
        LIES
    }

    @ParameterizedTest
    @EnumSource
    void readsThatWaitForADownloadThatFailsGetTheirContentOrNothing(Failure failure) throws Exception {
        int waiters = 10;
        reopen(options().toBuilder()
                .stallTimeout(failure == Failure.HANGS ? Duration.ofMillis(300) : PATIENCE)
                .retry(RetryPolicy.NEVER)
                .build());
        long before = space();
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger failed = new AtomicInteger();
        remote.onRead((request, offset, piece) -> {
            if (request == 1) {
                Blocking.await(go);
                if (offset >= 2 * MIB) {
                    failed.incrementAndGet();
                    fail(failure, piece);
                }
            }
        });
        List<Future<ReadResult>> reads = new ArrayList<>();
        for (int i = 0; i < waiters; i++) {
            reads.add(readLater(i % 2 == 0 ? ByteRange.all() : ByteRange.of(1000, SIZE - 1000)));
        }
        awaitWaiters(waiters);
        go.countDown();

        for (Future<ReadResult> read : reads) {
            try {
                get(read); // which compares the bytes
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(BlobStoreException.class);
                assertThat(failure).as("the others continue elsewhere: %s", e).isEqualTo(Failure.LIES);
            }
        }
        assertThat(failed).hasPositiveValue();
        if (failure == Failure.LIES) {
            assertThat(space()).isEqualTo(before);
            read(ByteRange.all(), CONTENT);
        } else {
            assertThat(remote.reads()).as("one takes over").hasSizeLessThanOrEqualTo(2);
        }
        assertThat(cache.stats().entries() - 1).as("the content, and a record").isEqualTo(1);
        store.close();
        assertThat(cache.stats().reservedBytes()).isZero();
    }

    private long space() {
        return cache.stats().storedBytes()
                + cache.stats().reservedBytes()
                + cache.stats().doomedBytes();
    }

    private static void fail(Failure failure, ByteBuffer piece) throws IOException {
        switch (failure) {
            case DIES -> throw ScriptedRemote.broken(KEY);
            case HANGS -> Blocking.await(new CountDownLatch(1));
            case TRUNCATES -> throw new ScriptedRemote.Truncated();
            case LIES -> piece.put(0, (byte) (piece.get(0) ^ 1));
        }
    }

    @Test
    void aDownloadResumesAtTheByteThatItReached() throws Exception {
        remote.onRead((request, offset, piece) -> {
            if (request < 3 && offset >= request * MIB) {
                throw ScriptedRemote.broken(KEY);
            }
        });

        read(ByteRange.all(), CONTENT);

        assertThat(remote.reads())
                .containsExactly("0+" + SIZE, MIB + "+" + (SIZE - MIB), 2 * MIB + "+" + (SIZE - 2 * MIB));
        assertThat(remote.bytes()).isEqualTo(SIZE);
    }

    @Test
    void bytesThatAreDeliveredAgainAreNotWrittenAgain() throws Exception {
        remote.onRead((request, offset, piece) -> {
            if (request == 1 && offset >= 2 * MIB) {
                throw new ScriptedRemote.Unreported(true);
            }
        });

        read(ByteRange.all(), CONTENT);

        assertThat(remote.reads()).containsExactly("0+" + SIZE, "0+" + SIZE);
        assertThat(store.stats().fills()).isEqualTo(1);
    }

    @Test
    void aBlobThatIsMissingIsReportedAsByTheStore() {
        assertThatExceptionOfType(BlobNotFoundException.class)
                .isThrownBy(() -> store.read(BlobKey.of("none"), ByteRange.all(), ByteBuffer.allocate(9)))
                .satisfies(e -> assertThat(e.operation()).isEqualTo(Operation.READ));
    }

    @Test
    void aReadThatFailsAfterRetriesSaysSoThatTheyAreNotNested() {
        remote.onRead((request, offset, piece) -> {
            throw ScriptedRemote.broken(KEY);
        });

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> read(ByteRange.all(), CONTENT))
                .satisfies(e -> assertThat(e.attempts()).isGreaterThan(1));
        assertThat(remote.reads()).hasSize(2 * AT_ONCE.maxAttempts() + 1);
    }

    // ---- cancelled reads

    @Test
    void aCancelledReadLeavesTheDownloadToTheOthers() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> Blocking.await(go));
        Future<ReadResult> first = readLater(ByteRange.all());
        Blocking.until(() -> remote.reads().size() == 1);
        Future<ReadResult> second = readLater(ByteRange.all());
        awaitWaiters(2);

        first.cancel(true);
        go.countDown();

        get(second);
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void theLastCancelledReadCancelsTheDownload() throws Exception {
        long before = space();
        CountDownLatch interrupted = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> hangUntilInterrupted(interrupted));
        Future<ReadResult> only = readLater(ByteRange.all());
        Blocking.until(() -> remote.reads().size() == 1);

        only.cancel(true);

        assertThat(interrupted.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        Blocking.until(() -> space() == before);
        remote.onRead((request, offset, piece) -> {});
        read(ByteRange.all(), CONTENT);
    }

    @Test
    void aDownloadGoesOnIfItIsToBeFilledToTheEnd() throws Exception {
        reopen(options().toBuilder().fillToEnd(true).build());
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> Blocking.await(go));
        Future<ReadResult> only = readLater(ByteRange.all());
        Blocking.until(() -> remote.reads().size() == 1);

        only.cancel(true);
        go.countDown();

        Blocking.until(() -> cache.stats().entries() == 2);
        read(ByteRange.all(), CONTENT);
        assertThat(remote.reads()).hasSize(1);
    }

    private static void hangUntilInterrupted(CountDownLatch interrupted) throws IOException {
        try {
            Blocking.await(new CountDownLatch(1));
        } finally {
            interrupted.countDown();
        }
    }

    @Test
    void anInterruptedReadFailsSoonAndKeepsTheInterrupt() throws Exception {
        remote.onRead((request, offset, piece) -> Blocking.await(new CountDownLatch(1)));
        CountDownLatch done = new CountDownLatch(1);
        List<Throwable> problems = new ArrayList<>();
        Thread reader = new Thread(() -> {
            try {
                read(ByteRange.all(), CONTENT);
            } catch (IOException e) {
                problems.add(e);
                problems.add(Thread.currentThread().isInterrupted() ? e : null);
            }
            done.countDown();
        });
        reader.start();
        Blocking.until(() -> remote.reads().size() == 1);

        reader.interrupt();

        assertThat(done.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        reader.join();
        assertThat(problems).hasSize(2).doesNotContainNull();
        assertThat(Interrupts.caused(problems.get(0))).isTrue();
    }

    @Test
    void aWindowThatFailsEndsItsReadAndNoOther() throws Exception {
        TargetException full = new TargetException("the window", "is full", null);
        CountDownLatch go = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> Blocking.await(go));
        Future<ReadResult> other = readLater(ByteRange.all());
        Future<?> failing = threads.submit(() -> {
            assertThatExceptionOfType(TargetException.class)
                    .isThrownBy(() -> store.read(KEY, ByteRange.all(), new Failing(full), ReadOptions.DEFAULT))
                    .isSameAs(full);
        });
        awaitWaiters(2);
        go.countDown();

        get(failing);
        get(other);
        assertThat(remote.reads()).hasSize(1);
    }

    /** A window whose second buffer cannot be had. */
    private static final class Failing implements BlobTarget.Window {
        private final ByteBuffer memory = ByteBuffer.allocateDirect(SIZE).limit(1000);
        private final TargetException problem;

        Failing(TargetException problem) {
            this.problem = problem;
        }

        @Override
        public long remaining() {
            return SIZE - memory.position();
        }

        @Override
        public ByteBuffer buffer() throws TargetException {
            if (!memory.hasRemaining()) {
                throw problem;
            }
            return memory;
        }
    }

    @Test
    void closingTheStoreEndsDownloadsAndReads() throws Exception {
        long before = space();
        remote.onRead((request, offset, piece) -> Blocking.await(new CountDownLatch(1)));
        Future<ReadResult> read = readLater(ByteRange.all());
        Blocking.until(() -> remote.reads().size() == 1);
        remote.onRead((request, offset, piece) -> {
            throw ScriptedRemote.broken(KEY);
        });

        store.close();

        assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> get(read));
        assertThat(space()).isEqualTo(before);
    }

    // ---- replaced blobs

    @Test
    void aBlobThatIsReplacedWhileItIsDownloadedIsReadAnew() throws Exception {
        byte[] other = bytes(SIZE - 1, 7);
        CountDownLatch replaced = new CountDownLatch(1);
        remote.onRead((request, offset, piece) -> {
            if (request == 1) {
                Blocking.await(replaced);
                throw new ScriptedRemote.Unreported(true); // so that nothing has arrived
            }
        });
        Future<ReadResult> read = threads.submit(() -> read(store, KEY, ByteRange.atMost(0, SIZE - 1), other));
        Blocking.until(() -> remote.reads().size() == 1);
        memory.store(KEY, ByteBuffer.wrap(other));
        replaced.countDown();

        get(read);
    }
}
