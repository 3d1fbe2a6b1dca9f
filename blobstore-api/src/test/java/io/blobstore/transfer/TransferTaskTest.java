package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Work that is defined outside this package runs as a transfer. */
@ExtendWith(LeakCheck.class)
class TransferTaskTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final List<String> events = new CopyOnWriteArrayList<>();

    /** A task that records what happens to it. */
    private final class Recorded implements TransferTask<String> {
        private final Begin begin;

        Recorded(Begin begin) {
            this.begin = begin;
        }

        @Override
        public String description() {
            return "work";
        }

        @Override
        public void begin(TransferContext context) throws IOException, InterruptedException {
            events.add("begin");
            begin.begin(context);
        }

        @Override
        public String complete(TransferContext context) {
            events.add("complete");
            return "done";
        }

        @Override
        public void release(@Nullable Throwable problem) {
            events.add(problem == null ? "release" : "release after " + problem.getMessage());
        }
    }

    @FunctionalInterface
    private interface Begin {
        void begin(TransferContext context) throws IOException, InterruptedException;
    }

    private Transfer<String> start(TransferManager transfers, Begin begin) {
        return transfers.start(new Recorded(begin), RetryPolicy.DEFAULT, 4, TransferListener.NONE);
    }

    @Test
    void theTaskIsCompletedAndReleasedAfterItsLastWorker() throws Exception {
        AtomicInteger workers = new AtomicInteger();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = start(transfers, context -> {
                context.planned(20, 2);
                assertThat(context.startWorkers(2, () -> {
                            workers.incrementAndGet();
                            context.moved(10);
                            events.add("worker");
                        }))
                        .isEqualTo(2);
                while (workers.get() < 2) {
                    Thread.onSpinWait();
                }
            });
            assertThat(transfer.join(LIMIT)).isEqualTo("done");
            assertThat(transfer.progress().bytesTransferred()).isEqualTo(20);
            assertThat(transfer.progress().totalBytes()).isEqualTo(20);
        }
        assertThat(events).containsExactly("begin", "worker", "worker", "complete", "release");
    }

    @Test
    void requestsAreRepeated() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = start(transfers, context -> {
                String answer = context.retrying(
                        "ask",
                        () -> context.withinBudget(5, () -> {
                            if (attempts.incrementAndGet() == 1) {
                                throw new BlobStoreException(Operation.HEAD, null, "scripted", null, true);
                            }
                            return "answer";
                        }));
                events.add(answer);
            });
            transfer.join(LIMIT);
            assertThat(transfer.progress().retries()).isEqualTo(1);
        }
        assertThat(events).containsExactly("begin", "answer", "complete", "release");
    }

    @Test
    void aWorkersFailureStopsTheOthersAndIsTheOutcome() {
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = start(transfers, context -> {
                context.startWorkers(1, () -> {
                    throw new IOException("scripted");
                });
                new CountDownLatch(1).await(); // until the group interrupts it
            });
            assertThatThrownBy(() -> transfer.join(LIMIT))
                    .isInstanceOf(IOException.class)
                    .hasMessage("scripted");
        }
        assertThat(events).containsExactly("begin", "release after scripted");
    }

    @Test
    void aCancelledTaskIsReleased() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<String> transfer = start(transfers, context -> {
                begun.countDown();
                new CountDownLatch(1).await();
            });
            begun.await();
            assertThat(transfer.cancel()).isTrue();
            assertThatThrownBy(() -> transfer.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
        assertThat(events).hasSize(2).last().asString().startsWith("release after work was cancelled");
    }

    @Test
    void aTaskThatCannotStartIsReleased() {
        TransferManager closed = TransferManager.create();
        closed.close();
        assertThatThrownBy(() -> start(closed, context -> {})).isInstanceOf(IllegalStateException.class);
        assertThat(events).hasSize(1);
        try (TransferManager rejecting = TransferManager.builder()
                .executor(task -> {
                    throw new RejectedExecutionException("full");
                })
                .build()) {
            assertThatThrownBy(() -> start(rejecting, context -> {})).isInstanceOf(RejectedExecutionException.class);
        }
        assertThat(events).hasSize(2).allMatch(event -> event.startsWith("release after"));
    }

    /** Returns an executor that leaves the first task to the test, and runs others in the threads that submit them. */
    private static Executor nesting(List<Runnable> tasks) {
        return task -> {
            if (!tasks.isEmpty()) {
                task.run();
            }
            tasks.add(task);
        };
    }

    @Test
    void aCancellationDuringANestedWorkerInterruptsTheOuterOneToo() throws Exception {
        CountDownLatch nested = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        List<Runnable> tasks = new CopyOnWriteArrayList<>();
        try (TransferManager transfers =
                TransferManager.builder().executor(nesting(tasks)).build()) {
            Transfer<String> transfer = start(transfers, context -> {
                context.startWorkers(1, () -> {
                    nested.countDown();
                    new CountDownLatch(1).await(); // until it is interrupted
                });
                interrupted.complete(Thread.currentThread().isInterrupted());
            });
            Thread worker = new Thread(tasks.get(0));
            worker.start();
            nested.await();
            assertThat(transfer.cancel()).isTrue();
            worker.join();
            assertThat(interrupted.join()).isTrue();
            assertThatThrownBy(() -> transfer.join(LIMIT)).isInstanceOf(CancellationException.class);
        }
    }

    @Test
    void aNestedWorkerLeavesNoInterruptBehind() throws Exception {
        CompletableFuture<Boolean> interruptedAfter = new CompletableFuture<>();
        List<Runnable> tasks = new CopyOnWriteArrayList<>();
        CountDownLatch nested = new CountDownLatch(1);
        try (TransferManager transfers =
                TransferManager.builder().executor(nesting(tasks)).build()) {
            Transfer<String> transfer = start(
                    transfers,
                    context -> context.startWorkers(1, () -> {
                        nested.countDown();
                        new CountDownLatch(1).await();
                    }));
            Thread worker = new Thread(() -> {
                tasks.get(0).run();
                interruptedAfter.complete(Thread.currentThread().isInterrupted());
            });
            worker.start();
            nested.await();
            transfer.cancel();
            worker.join();
            assertThat(interruptedAfter.join()).isFalse();
        }
    }
}
