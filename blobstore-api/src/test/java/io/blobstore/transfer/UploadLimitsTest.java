package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobSource;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ScriptedStore.Request;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

/** Tests the limits on parts and bytes in flight, and the threads on which uploads run. */
@Timeout(120)
class UploadLimitsTest {
    private static final int PART = 1 << 16; // the unit of the budget

    private static BlobSource parts(int parts) {
        return BlobSource.of(ByteBuffer.allocateDirect(parts * PART));
    }

    private static UploadOptions concurrency(int concurrency) {
        return UploadOptions.builder().partSize(PART).concurrency(concurrency).build();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void partsInFlightReachTheLimitAndDoNotExceedIt(int concurrency) throws Exception {
        // The first requests wait for each other, so that all of them are in flight; mostInside() would show more.
        CountDownLatch together = new CountDownLatch(concurrency);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            together.countDown();
            ScriptedStore.await(together);
        });
        try (TransferManager uploader = TransferManager.create()) {
            uploader.upload(store, KEY, parts(40), concurrency(concurrency)).join();
        }
        assertThat(store.mostInside()).isEqualTo(concurrency);
        assertThat(store.stored()).isPresent();
    }

    @Test
    void theBytesInFlightOfSeveralTransfersStayWithinTheBudget() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger inside = new AtomicInteger();
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            inside.incrementAndGet();
            ScriptedStore.await(go);
        });
        List<Thread> workers = new CopyOnWriteArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            workers.add(thread);
            return thread;
        });
        try (TransferManager uploader = TransferManager.builder()
                .executor(threads)
                .maxBytesInFlight(4 * PART - 1) // 3 parts
                .build()) {
            List<Transfer<StoredBlob>> transfers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                transfers.add(uploader.upload(store, KEY, parts(10), concurrency(4)));
            }
            // All workers wait, either inside the store or for the budget.
            while (workers.size() < 20 || inside.get() < 3 || !workers.stream().allMatch(ReadLimitsTest::isWaiting)) {
                Thread.onSpinWait();
            }
            assertThat(inside).hasValue(3);
            go.countDown();
            for (Transfer<StoredBlob> transfer : transfers) {
                transfer.join();
            }
        } finally {
            go.countDown();
            threads.shutdown();
        }
        assertThat(store.mostBytesInside()).isEqualTo(3 * PART);
    }

    @Test
    void partsLargerThanTheBudgetGoOneByOne() throws Exception {
        ScriptedStore store = new ScriptedStore();
        try (TransferManager uploader =
                TransferManager.builder().maxBytesInFlight(PART / 2).build()) {
            Transfer<StoredBlob> inParts = uploader.upload(store, KEY, parts(10), concurrency(4));
            Transfer<StoredBlob> inOneRequest = uploader.upload(store, KEY, parts(1), concurrency(4));
            inParts.join();
            inOneRequest.join();
        }
        assertThat(store.mostBytesInside()).isEqualTo(PART);
    }

    @Test
    void aRetryWaitsWithoutHoldingBytes() throws Exception {
        // The budget has room for one blob only: the second one can be stored only if the first one's wait releases it.
        CountDownLatch secondStored = new CountDownLatch(1);
        TransferClock clock = new TransferClock() {
            @Override
            public long nanoTime() {
                return 0;
            }

            @Override
            public void sleep(Duration duration) {
                ScriptedStore.awaitUninterruptibly(secondStored);
            }
        };
        AtomicInteger attempts = new AtomicInteger();
        ScriptedStore failingOnce = new ScriptedStore().on(Request.STORE, part -> {
            if (attempts.incrementAndGet() == 1) {
                throw ScriptedStore.failure("try again", true);
            }
        });
        try (TransferManager uploader =
                TransferManager.builder().maxBytesInFlight(PART).clock(clock).build()) {
            Transfer<StoredBlob> first = uploader.upload(failingOnce, KEY, parts(1), concurrency(1));
            uploader.upload(new ScriptedStore(), KEY, parts(1), concurrency(1)).join();
            secondStored.countDown();
            first.join();
        }
        assertThat(attempts).hasValue(2);
    }

    // ---- executors

    @Test
    void oneThreadIsEnough() throws Exception {
        ScriptedStore store = new ScriptedStore();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (TransferManager uploader =
                TransferManager.builder().executor(thread).build()) {
            Transfer<StoredBlob> one = uploader.upload(store, KEY, parts(10), concurrency(4));
            Transfer<StoredBlob> other = uploader.upload(store, KEY, parts(10), concurrency(4));
            one.join();
            other.join();
        } finally {
            thread.shutdown();
        }
        assertThat(store.mostInside()).isEqualTo(1);
        assertThat(store.count("COMPLETE")).isEqualTo(2);
    }

    @Test
    void anExecutorMayRunTasksInTheCaller() throws Exception {
        ScriptedStore store = new ScriptedStore();
        try (TransferManager uploader =
                TransferManager.builder().executor(Runnable::run).build()) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, parts(10), concurrency(4));

            assertThat(transfer.toCompletableFuture()).isCompleted();
            assertThat(transfer.join().size()).isEqualTo(10 * PART);
        }
        assertThat(store.requests()).hasSize(12).endsWith("COMPLETE");
    }

    @Test
    void anExecutorMayRefuseFurtherWorkers() throws Exception {
        ScriptedStore store = new ScriptedStore();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        AtomicInteger tasks = new AtomicInteger();
        Executor stingy = task -> {
            if (tasks.incrementAndGet() > 1) {
                throw new RejectedExecutionException("one is enough");
            }
            thread.execute(task);
        };
        try (TransferManager uploader =
                TransferManager.builder().executor(stingy).build()) {
            uploader.upload(store, KEY, parts(10), concurrency(4)).join();
        } finally {
            thread.shutdown();
        }
        assertThat(tasks).hasValue(2); // no further attempts
        assertThat(store.requests()).hasSize(12).endsWith("COMPLETE");
    }

    @TempDir
    private Path directory;

    @Test
    void anExecutorThatTakesNothingGetsNoHoldOnTheMemory() throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        threads.shutdown();

        assertGivesBack(RejectedExecutionException.class, threads);
    }

    @Test
    void anExecutorThatFindsNoThreadGetsNoHoldOnTheMemory() throws Exception {
        assertGivesBack(OutOfMemoryError.class, task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
    }

    private void assertGivesBack(Class<? extends Throwable> problem, Executor executor) throws Exception {
        ScriptedStore store = new ScriptedStore();
        try (MappedFile file = MappedFile.open(Files.write(directory.resolve("file"), new byte[10]));
                TransferManager uploader =
                        TransferManager.builder().executor(executor).build()) {
            assertThatExceptionOfType(problem).isThrownBy(() -> uploader.upload(store, KEY, file.region()));

            assertThat(file.leases()).isZero();
            uploader.close(); // waits for nothing
        }
        assertThat(store.requests()).isEmpty();
    }

    @Test
    void theDefaultExecutorHasVirtualThreadsWhereThereAreSome() throws Exception {
        Set<String> kinds = ConcurrentHashMap.newKeySet();
        boolean virtualThreads = Runtime.version().feature() >= 21;
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            Thread thread = Thread.currentThread();
            try {
                boolean virtual = virtualThreads
                        && (boolean) Thread.class.getMethod("isVirtual").invoke(thread);
                kinds.add(virtual ? "virtual" : thread.getName().replaceAll("\\d+", "n"));
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
            assertThat(thread.isDaemon()).isTrue();
        });
        try (TransferManager uploader = TransferManager.create()) {
            uploader.upload(store, KEY, parts(100), concurrency(50)).join();
        }
        assertThat(kinds).containsExactly(virtualThreads ? "virtual" : "blobstore-transfer-n");
    }
}
