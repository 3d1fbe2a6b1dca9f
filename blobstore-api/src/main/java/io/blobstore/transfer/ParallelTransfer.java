package io.blobstore.transfer;

import io.blobstore.BlobKey;
import io.blobstore.StoreEvent;
import io.blobstore.StoreEvent.TransferStarted;
import io.blobstore.ThrottledException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.spi.TransferEvents;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transfer executed by a {@link WorkerGroup}: how it starts, retries and ends. Subclasses define what is transferred.
 *
 * <h2>Threads</h2>
 *
 * A transfer has no thread of its own, and none of its threads waits for one that may not be running. The first
 * <em>worker</em> runs {@link #begin} on the manager's executor, or on the caller's thread, and may start others; the
 * last one to leave, whichever that is, ends the transfer: {@link #complete}, {@link #release}, and only then the
 * outcome. So an executor of one thread, or one that runs tasks in the caller, works as well as a large one, and a
 * worker that the executor never runs delays nothing.
 *
 * <p>While the store throttles, workers wait: for a time, or until another worker's request has ended
 * ({@link RequestThrottle}). They hold no memory budget and no permit meanwhile, and a cancellation ends the wait.
 *
 * <h2>Why completion means that nothing touches the memory</h2>
 *
 * The memory is touched by workers only, inside blocking calls of the store, which by contract release it before they
 * return or throw. The group counts a worker as active as long as it can be inside such a call, and the last active
 * worker ends the transfer.
 */
abstract class ParallelTransfer<T> implements Transfer<T> {
    private static final Logger LOG = LoggerFactory.getLogger(ParallelTransfer.class);

    private final Environment environment;
    private final String what;
    private final RetryPolicy retry;
    private final RequestThrottle throttle;
    private final ProgressTracker tracker;
    private final WorkerGroup workers = new WorkerGroup();
    private final AtomicBoolean begun = new AtomicBoolean();
    private final TransferFuture<T> outcome = new TransferFuture<>();

    /** What keeps the transfer from ending while a thread that is no worker may continue it. */
    private final AtomicReference<WorkerGroup.@Nullable Worker> holder = new AtomicReference<>();

    /** The event of its start; null if it is not observed. Set before it starts. */
    private @Nullable TransferStarted observed;

    /** Whether no worker is active any more; set by the thread that ends the transfer, for itself. */
    private boolean ending;

    /**
     * Creates a transfer that has not started.
     *
     * @param what describes the transfer
     * @param throttle slows down the requests; may be shared with other transfers
     */
    ParallelTransfer(
            Environment environment,
            String what,
            RetryPolicy retry,
            RequestThrottle throttle,
            TransferListener listener) {
        this.environment = environment;
        this.what = what;
        this.retry = retry;
        this.throttle = throttle;
        this.tracker = new ProgressTracker(what, listener, throttle, environment.clock());
    }

    // ---- for subclasses

    /** Does the first worker's work. */
    abstract void begin() throws IOException, InterruptedException;

    /** Returns a result that is valid even if the workers were stopped; null if there is none. */
    @Nullable T finished() {
        return null;
    }

    /** Returns the result after all workers succeeded. Runs when no worker is active any more. */
    abstract T complete() throws IOException, InterruptedException;

    /**
     * Rolls back an incomplete transfer, and releases the memory. Runs once, at the end. Failures are logged, and
     * suppressed in the problem.
     *
     * @param problem the reason why the transfer failed; null if it succeeded
     */
    abstract void release(@Nullable Throwable problem);

    final ProgressTracker tracker() {
        return tracker;
    }

    /** Reports the start of this transfer to the manager's observer; its end will be reported too. */
    final void observe(StoreEvent.Direction direction, String store, @Nullable BlobKey key) {
        observed = environment.events().begin(direction, store, key);
    }

    // ---- workers

    /** The work of a worker. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Submits the transfer to the executor. */
    final void start() {
        try {
            environment.executor().execute(this::run);
        } catch (RuntimeException | Error e) { // rejected, or no thread available
            cancel();
            throw e;
        }
    }

    /** Runs the first worker on this thread, unless another thread does, or the transfer has ended. */
    final void run() {
        if (!begun.getAndSet(true)) {
            work(this::begin);
        }
    }

    /**
     * Starts more workers; fewer if the executor rejects some.
     *
     * @return the number of workers that the executor accepted
     */
    final int call(int workers, Work work) {
        for (int i = 0; i < workers; i++) {
            try {
                environment.executor().execute(() -> work(work));
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: only {} workers, because the executor rejected more", what, i + 1, e);
                return i;
            }
        }
        return workers;
    }

    /** Does work as a worker, on this thread, unless the transfer was stopped. Records a failure. */
    final void work(Work work) {
        WorkerGroup.Worker worker = workers.enter().orElse(null);
        if (worker == null) {
            return;
        }
        TransferStarted before = observed == null ? null : TransferEvents.enter(observed);
        try {
            work.run();
        } catch (Throwable e) {
            workers.stop(worker, e);
        } finally {
            if (workers.leave(worker)) {
                end();
            }
            if (observed != null) {
                TransferEvents.enter(before);
            }
        }
    }

    final boolean isStopped() {
        return workers.isStopped();
    }

    /** Returns why the transfer was stopped; empty if it was not. */
    final Optional<Throwable> problem() {
        return workers.problem(what);
    }

    final Environment environment() {
        return environment;
    }

    /** Keeps the transfer from ending while no worker is active, until {@link #letGo}, unless it has ended. */
    final void hold() {
        holder.set(workers.enterWithoutThread().orElse(null));
    }

    /** Ends a {@link #hold}. Idempotent. */
    final void letGo() {
        WorkerGroup.Worker held = holder.getAndSet(null);
        if (held != null && workers.leave(held)) {
            end();
        }
    }

    /** Called when the manager is about to wait for this transfer: ends what only another thread could end. */
    void managerCloses() {}

    // ---- requests

    /** A request to a store. */
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

    /**
     * Sends a request, and repeats it after failures. Waits while the store throttles, also before the first attempt.
     *
     * @param request describes the request
     * @param body must not send a request by this method itself, which might wait for the end of the body
     */
    final <R> R retrying(String request, Request<R> body) throws IOException, InterruptedException {
        int failures = 0;
        for (int attempt = 1; ; attempt++) {
            Duration pause = Duration.ZERO;
            if (ending && attempt > 1 && failures == 0) { // throttled, so certainly nothing was made visible yet
                workers.pause(what, () -> throttle.acquire().close()); // no other worker takes the permit meanwhile
            }
            RequestThrottle.Permit permit = throttle.acquire();
            try {
                R response = body.send();
                permit.succeeded();
                return response;
            } catch (IOException e) {
                if (workers.isStopped()) { // the group's interrupt made it fail, or its result is no longer needed
                    throw e;
                }
                // If the store has repeated the request by itself, its failure is final.
                if (e instanceof ThrottledException refusal && refusal.attempts() == 1) {
                    tracker.retried(request, attempt, e, permit.refused(refusal)); // the next permit has to wait
                } else {
                    pause = retry.delayAfter(e, ++failures, environment.random())
                            .orElseThrow(() -> e);
                    tracker.retried(request, attempt, e, pause);
                }
            } finally {
                permit.close();
            }
            if (!pause.isZero()) {
                environment.clock().sleep(pause);
            }
        }
    }

    /** Sends a request once, that is only sent to be faster; returns empty if the store throttles. */
    final <R> Optional<R> unlessThrottled(Request<R> body) throws IOException, InterruptedException {
        Optional<RequestThrottle.Permit> granted = throttle.acquireUnlessThrottled();
        if (granted.isEmpty()) {
            return Optional.empty();
        }
        try (RequestThrottle.Permit permit = granted.get()) {
            R response = body.send();
            permit.succeeded();
            return Optional.of(response);
        } catch (ThrottledException e) {
            granted.get().refused(e);
            throw e;
        }
    }

    // ---- completion

    @Override
    public final boolean cancel() {
        WorkerGroup.Cancellation cancellation = workers.cancel();
        if (cancellation == WorkerGroup.Cancellation.NEVER_BEGUN) {
            end();
        }
        return cancellation != WorkerGroup.Cancellation.TOO_LATE;
    }

    /**
     * Ends the transfer, once, when no worker is active any more. Sets the outcome whatever is thrown before: threads
     * may be waiting for it.
     */
    private void end() {
        // An interrupt from outside is deferred: it would make the cleanup fail.
        boolean interrupted = Thread.interrupted();
        ending = true;
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
            LOG.error("{}: its resources could not be released; they may stay in memory", what, e);
        }
        tracker.ended(problem);
        if (observed != null) {
            TransferProgress last = tracker.progress();
            environment
                    .events()
                    .end(
                            observed,
                            last.elapsed(),
                            last.bytesTransferred(),
                            last.partsTransferred(),
                            last.retries(),
                            problem);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        outcome.set(result, problem);
        environment
                .running()
                .ended(this); // last, so that a thread that waits for the running transfers sees this one's outcome
    }

    // ---- waiting

    /** Returns whether the outcome is set. */
    final boolean isDone() {
        return outcome.isDone();
    }

    /** Returns a future that succeeds when the outcome, whichever, is set. */
    final CompletableFuture<?> whenEnded() {
        return outcome.whenEnded();
    }

    /** Waits as {@link TransferFuture#awaitEnd} does. */
    final void awaitEnd(Runnable onInterrupt) {
        outcome.awaitEnd(onInterrupt);
    }

    /** Runs an action when the outcome is set. */
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
        return outcome.join(timeout, what);
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
