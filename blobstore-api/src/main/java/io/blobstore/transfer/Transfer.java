package io.blobstore.transfer;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/**
 * A running or completed transfer.
 *
 * <p><b>A transfer completes only when no thread, socket or native call can touch its memory any more, and its leases
 * are closed.</b> That holds for every outcome: result, failure, cancellation. So once {@link #join()} has returned or
 * thrown (except for a timeout or an interrupt), or a dependent of {@link #toCompletableFuture()} runs, the memory may
 * be unmapped.
 *
 * <p>Thread-safe.
 *
 * @param <T> the result of a successful transfer
 */
public interface Transfer<T> {
    /**
     * Waits for the outcome. If the transfer failed or was cancelled, every call throws the same exception: its stack
     * trace is that of the thread that failed, and the stack trace of this call is a suppressed exception of it.
     *
     * @return the result
     * @throws IOException if the transfer failed; further failures of its parts are suppressed in it as well
     * @throws java.util.concurrent.CancellationException if the transfer was cancelled
     * @throws InterruptedException if the caller is interrupted while waiting; the transfer continues
     */
    T join() throws IOException, InterruptedException;

    /**
     * Waits for the outcome for a limited time.
     *
     * @throws TimeoutException if the transfer takes longer; it continues, and still uses its memory
     */
    T join(Duration timeout) throws IOException, InterruptedException, TimeoutException;

    /**
     * Cancels the transfer: no further part starts, those in flight are interrupted, and the transfer is rolled back:
     * an upload is aborted, an incomplete file is removed. Does not wait; {@link #join()} does.
     *
     * @return false if it is too late: the outcome is decided, or the content is already being made visible, and the
     *     store does not throttle the request for that. After true, an upload of one request may still succeed if the
     *     store had received it by then; {@code join()} tells
     */
    boolean cancel();

    /** Returns the progress of the transfer. */
    TransferProgress progress();

    /**
     * Returns the outcome as a future, a new one with each call: completing or cancelling it does not affect the
     * transfer. The future fails with the exception that {@link #join()} would throw as the cause.
     */
    CompletableFuture<T> toCompletableFuture();
}
