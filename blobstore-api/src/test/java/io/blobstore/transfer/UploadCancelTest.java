package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.transfer.ScriptedStore.Request;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests the cancellation of an upload at every stage, by the caller or by shutting down the executor, and waiting for
 * transfers.
 */
@Tag("jdk")
@Timeout(120)
class UploadCancelTest {
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    private static Transfer<StoredBlob> upload(TransferManager uploader, ScriptedStore store, int size) {
        return uploader.upload(
                store,
                KEY,
                BlobSource.of(ByteBuffer.allocateDirect(size)),
                UploadOptions.builder().partSize(10).concurrency(3).build());
    }

    private TransferManager uploader(Executor executor) {
        return TransferManager.builder().executor(executor).build();
    }

    private static void assertCancelled(Transfer<StoredBlob> transfer) {
        assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
    }

    @Test
    void beforeItBeginsNoRequestIsSent() {
        ScriptedStore store = new ScriptedStore();
        List<Runnable> tasks = new ArrayList<>();
        try (TransferManager uploader = uploader(tasks::add)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);

            assertThat(transfer.cancel()).isTrue();
            assertThat(transfer.toCompletableFuture()).isDone(); // without another thread
            assertCancelled(transfer);
            assertThat(transfer.cancel()).isFalse();
            tasks.forEach(Runnable::run);
        }
        assertThat(store.requests()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART"})
    void inTheMiddleOfARequestItIsInterrupted(Request request) throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(request, part -> {
            inside.countDown();
            ScriptedStore.awaitInterrupt();
        });
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, request == Request.STORE ? 10 : 100);
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

            assertThat(transfer.cancel()).isTrue();
            assertThat(transfer.cancel()).isIn(true, false); // calling it twice is no error
            assertCancelled(transfer);
            assertThat(transfer.cancel()).isFalse();
            assertThat(store.inside()).isZero();
        }
        assertThat(store.count("ABORT")).isEqualTo(request == Request.PART ? 1 : 0);
        assertThat(store.requests()).doesNotContain("PART 4", "COMPLETE");
        assertThat(store.stored()).isEmpty();
    }

    @Test
    void theAbortIsNotInterrupted() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        ScriptedStore store = new ScriptedStore()
                .on(Request.PART, part -> {
                    inside.countDown();
                    ScriptedStore.awaitInterrupt();
                })
                .on(
                        Request.ABORT,
                        part -> interrupted.set(Thread.currentThread().isInterrupted()));
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            transfer.cancel();
            assertCancelled(transfer);
        }
        assertThat(interrupted).hasValue(false);
    }

    @Test
    void aRequestThatSucceededNeverthelessIsTheOutcome() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.STORE, part -> {
            inside.countDown();
            ScriptedStore.awaitUninterruptibly(cancelled);
        });
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 10);
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(transfer.cancel()).isTrue();
            cancelled.countDown();

            assertThat(transfer.join().size()).isEqualTo(10);
        }
    }

    @Test
    void duringTheCompletionItIsTooLate() throws Exception {
        CountDownLatch completing = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.COMPLETE, part -> {
            completing.countDown();
            ScriptedStore.await(go);
        });
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);
            assertThat(completing.await(60, TimeUnit.SECONDS)).isTrue();

            assertThat(transfer.cancel()).isFalse();
            go.countDown();

            assertThat(transfer.join().size()).isEqualTo(100);
            assertThat(transfer.cancel()).isFalse();
        }
    }

    @Test
    void waitingForARetryEndsToo() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        TransferClock clock = new TransferClock() {
            @Override
            public long nanoTime() {
                return 0;
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                waiting.countDown();
                new CountDownLatch(1).await();
            }
        };
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            throw ScriptedStore.failure("try again", true);
        });
        try (TransferManager uploader =
                TransferManager.builder().executor(threads).clock(clock).build()) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);
            assertThat(waiting.await(60, TimeUnit.SECONDS)).isTrue();
            transfer.cancel();
            assertCancelled(transfer);
        }
        assertThat(store.count("ABORT")).isEqualTo(1);
    }

    @Test
    void waitingForTheBudgetEndsToo() throws Exception {
        CountDownLatch holding = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        ScriptedStore holder = new ScriptedStore().on(Request.STORE, part -> {
            holding.countDown();
            ScriptedStore.await(letGo);
        });
        ScriptedStore store = new ScriptedStore();
        try (TransferManager uploader =
                TransferManager.builder().executor(threads).maxBytesInFlight(1).build()) {
            Transfer<StoredBlob> first = upload(uploader, holder, 10);
            assertThat(holding.await(60, TimeUnit.SECONDS)).isTrue();
            Transfer<StoredBlob> second = upload(uploader, store, 100);
            second.cancel();
            assertCancelled(second);
            letGo.countDown();
            assertThat(first.join().size()).isEqualTo(10);
            assertThat(upload(uploader, store, 10).join().size()).isEqualTo(10); // no bytes of the budget are missing
        }
        assertThat(store.requests()).doesNotContain("PART 1");
    }

    // ---- waiting

    @Test
    void joinWaitsNoLongerThanItsTimeout() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> ScriptedStore.await(go));
        try (TransferManager uploader = uploader(threads)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);

            assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(() -> transfer.join(Duration.ZERO))
                    .withMessageContainingAll("upload of '", "has not ended within PT0S, and continues");
            assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> transfer.join(Duration.ofSeconds(-1)));
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(transfer::join);
            go.countDown(); // the transfer continues

            assertThat(transfer.join(ChronoUnit.FOREVER.getDuration()).size()).isEqualTo(100);
            assertThat(transfer.join(Duration.ZERO).size()).isEqualTo(100);
        }
    }

    // ---- the executor's own interrupts

    /** The ways in which stores report an interrupt. */
    private enum Interrupted {
        WRAPPED_AND_RETRYABLE {
            @Override
            BlobStoreException make() {
                return new BlobStoreException(Operation.STORE, KEY, "interrupted", new InterruptedException(), true);
            }
        },
        WRAPPED_AND_FINAL {
            @Override
            BlobStoreException make() {
                return new BlobStoreException(Operation.STORE, KEY, "closed", new ClosedByInterruptException(), false);
            }
        };

        abstract BlobStoreException make();
    }

    @ParameterizedTest
    @EnumSource(Interrupted.class)
    void anExecutorThatShutsDownCancels(Interrupted interrupted) throws Exception {
        CountDownLatch inside = new CountDownLatch(3);
        AtomicInteger flagsAfterwards = new AtomicInteger();
        AtomicBoolean abortInterrupted = new AtomicBoolean();
        ScriptedStore store = new ScriptedStore()
                .on(Request.PART, part -> {
                    inside.countDown();
                    try {
                        ScriptedStore.awaitInterrupt();
                    } catch (BlobStoreException e) {
                        throw interrupted.make();
                    }
                })
                .on(
                        Request.ABORT,
                        part -> abortInterrupted.set(Thread.currentThread().isInterrupted()));
        ExecutorService pool = Executors.newFixedThreadPool(3);
        Executor watched = task -> pool.execute(() -> {
            task.run();
            if (Thread.currentThread().isInterrupted()) {
                flagsAfterwards.incrementAndGet();
            }
        });
        try (TransferManager uploader = uploader(watched)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();

            pool.shutdownNow();

            CancellationException cancelled = catchThrowableOfType(CancellationException.class, transfer::join);
            assertThat(cancelled).hasMessageContaining("upload of 'key' was cancelled: its thread was interrupted");
            assertThat(pool.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(store.requests()).endsWith("ABORT");
        assertThat(abortInterrupted).isFalse();
        assertThat(flagsAfterwards.get()).isPositive(); // an interrupt from elsewhere stays set
    }

    @Test
    void aCallerInterruptedBeforehandGetsACancelledTransferAndKeepsItsInterrupt() {
        ScriptedStore store = new ScriptedStore();
        try (TransferManager uploader = uploader(Runnable::run)) {
            Thread.currentThread().interrupt();
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);

            assertThat(Thread.interrupted()).isTrue();
            assertCancelled(transfer);
        }
        assertThat(store.requests()).containsExactly("CREATE", "ABORT");
    }

    @Test
    void anUnnoticedInterruptIsDeferredUntilTheEnd() throws Exception {
        AtomicReference<Boolean> completeInterrupted = new AtomicReference<>();
        ScriptedStore store = new ScriptedStore()
                .on(Request.PART, part -> {
                    if (part == 10) { // the last one
                        Thread.currentThread().interrupt();
                    }
                })
                .on(
                        Request.COMPLETE,
                        part -> completeInterrupted.set(Thread.currentThread().isInterrupted()));
        try (TransferManager uploader = uploader(Runnable::run)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(transfer.join().size()).isEqualTo(100);
        }
        assertThat(completeInterrupted).hasValue(false);
    }

    @Test
    void anInterruptWhileCompletingCancelsAndAborts() throws Exception {
        CountDownLatch completing = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.COMPLETE, part -> {
            completing.countDown();
            ScriptedStore.awaitInterrupt();
        });
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try (TransferManager uploader = uploader(pool)) {
            Transfer<StoredBlob> transfer = upload(uploader, store, 100);
            assertThat(completing.await(60, TimeUnit.SECONDS)).isTrue();
            pool.shutdownNow();
            assertCancelled(transfer);
        }
        assertThat(store.requests()).endsWith("COMPLETE", "ABORT");
    }

    // ---- interrupts by the transfer

    /** An executor whose threads count the interrupts that are set between two tasks; those of a pool clear them. */
    private static final class CountingThreads implements Executor {
        private static final Runnable END = () -> {};
        private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger interrupts = new AtomicInteger();

        CountingThreads(int count) {
            for (int i = 0; i < count; i++) {
                Thread thread = new Thread(this::work);
                threads.add(thread);
                thread.start();
            }
        }

        private void work() {
            for (; ; ) {
                try {
                    Runnable task = tasks.take();
                    if (task == END) {
                        return;
                    }
                    task.run();
                } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                }
            }
        }

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        int endAndCountInterrupts() throws InterruptedException {
            threads.forEach(thread -> tasks.add(END));
            for (Thread thread : threads) {
                thread.join();
            }
            return interrupts.get();
        }
    }

    @Test
    void noInterruptEscapesIntoTheExecutorsNextTask() throws Exception {
        CountingThreads shared = new CountingThreads(4);
        Random random = new Random(42);
        int cancelled = 0;
        try (TransferManager uploader = uploader(shared)) {
            for (int i = 0; i < 10_000; i++) {
                Transfer<StoredBlob> transfer = upload(uploader, new ScriptedStore(), 60);
                for (int spins = random.nextInt(1000); spins > 0; spins--) {
                    Thread.onSpinWait();
                }
                transfer.cancel();
                try {
                    transfer.join();
                } catch (CancellationException e) {
                    cancelled++;
                }
            }
        }
        assertThat(shared.endAndCountInterrupts()).isZero();
        assertThat(cancelled).isPositive();
    }
}
