package io.blobstore.transfer;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * A transfer under way.
 *
 * <p><b>A transfer completes only when no thread, socket or native call can touch its memory any more, and its leases
 * are closed.</b> That holds for every outcome: result, failure, cancellation. So once {@link #join()} has returned or
 * thrown (but for a timeout), or a dependent of {@link #toCompletableFuture()} runs, the memory may be unmapped.
 *
 * <p>Thread-safe.
 *
 * @param <T> what a successful transfer gives
 */
public interface Transfer<T> {
    /**
     * Waits for the outcome.
     *
     * @return the result
     * @throws IOException if the transfer failed; what its parts failed with besides is suppressed in it
     * @throws java.util.concurrent.CancellationException if it was cancelled
     * @throws InterruptedException if this thread is interrupted while it waits; the transfer goes on
     */
    T join() throws IOException, InterruptedException;

    /**
     * Waits for the outcome, for a while.
     *
     * @throws TimeoutException if the transfer takes longer; it goes on, and still uses its memory
     */
    T join(Duration timeout) throws IOException, InterruptedException, TimeoutException;

    /**
     * Asks the transfer to stop: no part begins any more, those under way are interrupted, and what was begun is
     * undone: an upload is aborted, a file that was not read as a whole is removed. Does not wait; {@link #join()}
     * does.
     *
     * @return false if it is too late: the outcome is decided, or what was moved is already being made visible. After
     *     true, an upload of one request may still succeed, if the store had it by then; {@code join()} tells
     */
    boolean cancel();

    /** How far the transfer is. */
    TransferProgress progress();

    /**
     * The outcome as a future, a new one with each call: completing or cancelling it has no effect on the transfer.
     * What {@link #join()} would throw is the cause of the exception it fails with.
     */
    CompletableFuture<T> toCompletableFuture();
}
