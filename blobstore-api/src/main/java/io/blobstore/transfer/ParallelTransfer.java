package io.blobstore.transfer;

import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transfer that a {@link WorkerGroup} works on: how it begins, repeats what failed, and ends. What is moved,
 * subclasses know.
 *
 * <h2>Threads</h2>
 *
 * No thread of its own, and none that waits for another one. The first <em>worker</em> runs {@link #begin} on the
 * engine's executor, or on the caller's thread, and may call others; the one that <em>leaves last</em>, whichever that
 * is, ends the transfer: {@link #complete}, {@link #release}, and only then the outcome. So an executor of one thread,
 * or one that runs tasks in the caller, works as well as a large one, and a worker that the executor never gets round
 * to run holds up nothing.
 *
 * <h2>Why completion means that nothing touches the memory</h2>
 *
 * The memory is touched by workers only, inside blocking calls of the store, whose contract is to let go of it before
 * they return or throw. The group counts a worker as long as it can be inside such a call, and the transfer is ended by
 * the one that is last.
 */
abstract class ParallelTransfer<T> implements Transfer<T> {
    private static final Logger LOG = LoggerFactory.getLogger(ParallelTransfer.class);

    private final Environment environment;
    private final String what;
    private final RetryPolicy retry;
    private final ProgressTracker tracker;
    private final WorkerGroup workers = new WorkerGroup();
    private final AtomicBoolean begun = new AtomicBoolean();
    private final TransferFuture<T> outcome = new TransferFuture<>();

    /**
     * Prepares a transfer.
     *
     * @param what it is, for people
     */
    ParallelTransfer(Environment environment, String what, RetryPolicy retry, TransferListener listener) {
        this.environment = environment;
        this.what = what;
        this.retry = retry;
        this.tracker = new ProgressTracker(what, listener, environment.clock());
    }

    // ---- what subclasses know

    /** The first worker's work. */
    abstract void begin() throws IOException, InterruptedException;

    /** A result that is there whatever stopped the workers; null if there is none. */
    @Nullable T finished() {
        return null;
    }

    /**
     * Makes the result of what the workers did, none of whom failed, or was stopped. Runs when nobody works any more.
     */
    abstract T complete() throws IOException, InterruptedException;

    /**
     * Undoes what was not completed, and lets go of the memory. Runs once, at the end. What goes wrong meanwhile is
     * logged, or told beside the problem.
     *
     * @param problem why the transfer failed; null if it did not
     */
    abstract void release(@Nullable Throwable problem);

    final ProgressTracker tracker() {
        return tracker;
    }

    // ---- workers

    /** What a worker does. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Hands the transfer to the executor. */
    final void start() {
        try {
            environment.executor().execute(this::run);
        } catch (RuntimeException | Error e) { // rejected, or no thread to be had
            cancel();
            throw e;
        }
    }

    /** Is the first worker, on this thread, unless another one is, or the transfer has ended. */
    final void run() {
        if (!begun.getAndSet(true)) {
            work(this::begin);
        }
    }

    /** Calls more workers; as many as the executor takes. */
    final void call(int workers, Work work) {
        for (int i = 0; i < workers; i++) {
            try {
                environment.executor().execute(() -> work(work));
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: {} workers, as the executor takes no more", what, i + 1, e);
                return;
            }
        }
    }

    private void work(Work work) {
        WorkerGroup.Worker worker = workers.enter().orElse(null);
        if (worker == null) {
            return;
        }
        try {
            work.run();
        } catch (Throwable e) {
            workers.stop(worker, e);
        } finally {
            if (workers.leave(worker)) {
                end();
            }
        }
    }

    final boolean isStopped() {
        return workers.isStopped();
    }

    // ---- requests

    /** What can be asked of a store. */
    interface Request<R> {
        R send() throws IOException, InterruptedException;
    }

    final <R> R withinBudget(long bytes, Request<R> request) throws IOException, InterruptedException {
        ByteBudget budget = environment.budget();
        budget.acquire(bytes);
        try {
            return request.send();
        } finally {
            budget.release(bytes);
        }
    }

    final <R> R retrying(String request, Request<R> body) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return body.send();
            } catch (IOException e) {
                // Stopped: then it is our own interrupt that made the request fail, or nobody waits for it any more.
                Optional<Duration> delay =
                        workers.isStopped() ? Optional.empty() : retry.delayAfter(e, attempt, environment.random());
                if (delay.isEmpty()) {
                    throw e;
                }
                tracker.retried(request, attempt, e, delay.get());
                environment.clock().sleep(delay.get());
            }
        }
    }

    // ---- the end

    @Override
    public final boolean cancel() {
        WorkerGroup.Cancellation cancellation = workers.cancel();
        if (cancellation == WorkerGroup.Cancellation.NEVER_BEGUN) {
            end();
        }
        return cancellation != WorkerGroup.Cancellation.TOO_LATE;
    }

    /**
     * Runs once, when no worker is inside the store any more. Whatever is thrown on the way, the outcome is signalled:
     * somebody waits for it.
     */
    private void end() {
        // An interrupt from outside is put off: it would make the cleaning up fail.
        boolean interrupted = Thread.interrupted();
        T result = finished();
        Throwable problem = result != null ? null : workers.problem(what).orElse(null);
        if (result == null && problem == null) {
            try {
                result = complete();
            } catch (Throwable e) {
                interrupted |= e instanceof InterruptedException;
                problem = Interrupts.caused(e) ? WorkerGroup.cancellation(what, e) : e;
            }
        }
        interrupted |= Thread.interrupted();
        try {
            release(problem);
        } catch (Throwable e) {
            LOG.error("{}: what it used could not be let go; it may stay in memory", what, e);
        }
        tracker.ended(problem);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        outcome.set(result, problem);
        environment
                .running()
                .ended(this); // last, so that whoever waits for the running transfers finds this one's outcome
    }

    // ---- waiting

    /** Whether the outcome is there. */
    final boolean isDone() {
        return outcome.isDone();
    }

    /** As {@link TransferFuture#awaitEnd}. */
    final void awaitEnd(Runnable onInterrupt) {
        outcome.awaitEnd(onInterrupt);
    }

    /** Runs something when the outcome is there. */
    final void whenDone(Runnable action) {
        outcome.whenDone(action);
    }

    @Override
    public final TransferProgress progress() {
        return tracker.progress();
    }

    @Override
    public final T join() throws IOException, InterruptedException {
        return outcome.join();
    }

    @Override
    public final T join(Duration timeout) throws IOException, InterruptedException, TimeoutException {
        return outcome.join(timeout);
    }

    @Override
    public final CompletableFuture<T> toCompletableFuture() {
        return outcome.copy();
    }

    @Override
    public final String toString() {
        return "Transfer[" + what + ", " + progress() + "]";
    }
}
