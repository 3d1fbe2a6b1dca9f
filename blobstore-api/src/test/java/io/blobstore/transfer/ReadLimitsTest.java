package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.ReadResult;
import io.blobstore.StoreCapabilities;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the limits on parts and bytes in flight, and the threads on which reads run. */
@Timeout(120)
class ReadLimitsTest {
    private static final int PART = 1 << 16; // the unit of the budget
    private static final byte[] CONTENT = ReadPlanTest.content(10 * PART);

    @TempDir
    private Path directory;

    private static Transfer<ReadResult> read(TransferManager reader, ScriptedReads store, int concurrency)
            throws IOException {
        return read(reader, store, BlobTarget.of(ByteBuffer.allocate(CONTENT.length)), concurrency);
    }

    private static Transfer<ReadResult> read(
            TransferManager reader, ScriptedReads store, BlobTarget target, int concurrency) throws IOException {
        return reader.download(
                store,
                KEY,
                ByteRange.all(),
                target,
                DownloadOptions.builder()
                        .partSize(PART)
                        .concurrency(concurrency)
                        .build());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 9})
    void partsInFlightReachTheLimitAndDoNotExceedIt(int concurrency) throws Exception {
        // After the first part, the next requests wait for each other, so that all of them are in flight.
        CountDownLatch together = new CountDownLatch(concurrency);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() > 0) {
                together.countDown();
                ScriptedStore.await(together);
            }
        });
        try (TransferManager reader = TransferManager.create()) {
            read(reader, store, concurrency).join();
        }
        assertThat(store.mostInside()).isEqualTo(concurrency);
    }

    /** Memory for any blob, of which only the window that is filled exists. */
    private static final class NoMemory implements BlobTarget {
        @Override
        public long room() {
            return Long.MAX_VALUE;
        }

        @Override
        public Writer open() {
            return new Writer() {
                @Override
                public Window window(long offset, long length) {
                    return Window.of(ByteBuffer.allocate(Math.toIntExact(length)));
                }

                @Override
                public void commit(long length) {}

                @Override
                public void close() {}
            };
        }
    }

    /** A server determines the size, so it must not determine how much memory the plan takes. */
    @Test
    void aHugeBlobIsReadInLargerParts() throws Exception {
        PatternStore store = new PatternStore(1L << 40);
        store.onRead(read -> {
            if (read.offset() > 0) {
                throw new IOException("enough");
            }
        });
        DownloadOptions options =
                DownloadOptions.builder().partSize(1).retry(RetryPolicy.NEVER).build();
        try (TransferManager reader = TransferManager.create()) {
            Transfer<ReadResult> transfer = reader.download(store, KEY, ByteRange.all(), new NoMemory(), options);

            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(transfer::join)
                    .withMessageContaining("enough");
            assertThat(transfer.progress().totalParts()).isEqualTo(1 << 20);
        }
        assertThat(store.reads().get(0).length()).isEqualTo(1);
        assertThat(store.reads().get(1).length()).isLessThanOrEqualTo(1 << 20);
    }

    @Test
    void aSizeThatTheStoreCannotHaveIsRefusedBeforeMemoryIsReservedForIt() {
        BlobStore store = new ForwardingBlobStore(new PatternStore(150_000_000_000_000L)) {
            @Override
            public StoreCapabilities capabilities() {
                return super.capabilities().toBuilder().maxBlobSize(5L << 40).build();
            }
        };
        try (TransferManager reader = TransferManager.create()) {
            for (BlobTarget target : List.of(new NoMemory(), BlobTarget.ofPath(directory.resolve("target")))) {
                assertThatExceptionOfType(BlobStoreException.class)
                        .isThrownBy(() -> reader.download(store, KEY, ByteRange.all(), target)
                                .join())
                        .withMessageContaining("size of 150000000000000 bytes");
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void theBytesInFlightOfSeveralTransfersStayWithinTheBudget() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> ScriptedStore.await(go));
        List<Thread> workers = new CopyOnWriteArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            workers.add(thread);
            return thread;
        });
        try (TransferManager reader = TransferManager.builder()
                .executor(threads)
                .maxBytesInFlight(4 * PART - 1) // 3 parts
                .build()) {
            List<Transfer<ReadResult>> transfers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                transfers.add(read(reader, store, 4));
            }
            // All workers wait, either inside the store or for the budget.
            while (workers.size() < 5 || store.inside() < 3 || !workers.stream().allMatch(ReadLimitsTest::isWaiting)) {
                Thread.onSpinWait();
            }
            assertThat(store.inside()).isEqualTo(3);
            go.countDown();
            for (Transfer<ReadResult> transfer : transfers) {
                assertThat(transfer.join().length()).isEqualTo(CONTENT.length);
            }
        } finally {
            go.countDown();
            threads.shutdown();
        }
        assertThat(store.mostBytesInside()).isEqualTo(3 * PART);
    }

    static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
    }

    @Test
    void partsLargerThanTheBudgetGoOneByOne() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        try (TransferManager reader =
                TransferManager.builder().maxBytesInFlight(1).build()) {
            Transfer<ReadResult> one = read(reader, store, 4);
            Transfer<ReadResult> other = read(reader, store, 4);
            one.join();
            other.join();
        }
        assertThat(store.mostBytesInside()).isEqualTo(PART);
    }

    @Test
    void theBudgetIsWholeAfterFailures() throws Exception {
        ScriptedReads failing = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() > 2 * PART) {
                throw ScriptedReads.failure("for good", false);
            }
        });
        try (TransferManager reader =
                TransferManager.builder().maxBytesInFlight(2 * PART).build()) {
            for (int i = 0; i < 10; i++) {
                assertThatExceptionOfType(IOException.class)
                        .isThrownBy(read(reader, failing, 4)::join)
                        .withMessageContaining("for good");
            }
            assertThat(read(reader, ScriptedReads.of(CONTENT), 4).join().length())
                    .isEqualTo(CONTENT.length);
        }
    }

    // ---- executors

    @Test
    void oneThreadIsEnough() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (TransferManager reader = TransferManager.builder().executor(thread).build()) {
            Transfer<ReadResult> one = read(reader, store, 4);
            Transfer<ReadResult> other = read(reader, store, 4);
            one.join();
            other.join();
        } finally {
            thread.shutdown();
        }
        assertThat(store.mostInside()).isEqualTo(1);
        assertThat(store.requests()).hasSize(20);
    }

    @Test
    void anExecutorMayRunTasksInTheCaller() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT).withoutChecksumInParts();
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
        try (TransferManager reader =
                TransferManager.builder().executor(Runnable::run).build()) {
            Transfer<ReadResult> transfer = read(reader, store, BlobTarget.of(target), 4);

            assertThat(transfer.toCompletableFuture()).isCompleted();
            assertThat(transfer.join().length()).isEqualTo(CONTENT.length);
        }
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(store.requests()).hasSize(11).endsWith("HEAD");
    }

    @Test
    void anExecutorMayRefuseFurtherWorkers() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        AtomicInteger tasks = new AtomicInteger();
        Executor stingy = task -> {
            if (tasks.incrementAndGet() > 1) {
                throw new RejectedExecutionException("one is enough");
            }
            thread.execute(task);
        };
        try (TransferManager reader = TransferManager.builder().executor(stingy).build()) {
            read(reader, store, 4).join();
        } finally {
            thread.shutdown();
        }
        assertThat(tasks).hasValue(2); // no further attempts
        assertThat(store.requests()).hasSize(10);
    }

    @Test
    void anExecutorMayDropFurtherWorkers() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        AtomicInteger tasks = new AtomicInteger();
        Executor forgetful = task -> {
            if (tasks.incrementAndGet() == 1) {
                task.run();
            }
        };
        try (TransferManager reader =
                TransferManager.builder().executor(forgetful).build()) {
            assertThat(read(reader, store, 4).join().length()).isEqualTo(CONTENT.length);
        }
        assertThat(tasks).hasValue(4);
    }

    @Test
    void anExecutorThatTakesNothingGetsNoHoldOnTheTarget() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        threads.shutdown();

        assertGivesBack(RejectedExecutionException.class, threads);
    }

    @Test
    void anExecutorThatFindsNoThreadGetsNoHoldOnTheTarget() throws Exception {
        assertGivesBack(OutOfMemoryError.class, task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
    }

    private void assertGivesBack(Class<? extends Throwable> problem, Executor executor) throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        Path mapped = directory.resolve("mapped");
        try (MappedFile file = MappedFile.create(mapped, 10);
                TransferManager reader =
                        TransferManager.builder().executor(executor).build()) {
            assertThatExceptionOfType(problem).isThrownBy(() -> read(reader, store, file.region(), 4));
            assertThatExceptionOfType(problem)
                    .isThrownBy(() -> read(reader, store, BlobTarget.ofPath(directory.resolve("file")), 4));

            assertThat(file.leases()).isZero();
            reader.close(); // waits for nothing
        }
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(mapped));
        assertThat(store.requests()).isEmpty();
    }
}
