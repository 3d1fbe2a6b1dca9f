package io.blobstore.transfer;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Work that a {@link TransferManager} runs as a {@link Transfer}: with the manager's threads, byte budget, retries,
 * cancellation and rollback. An extension point for transfers that are neither uploads nor downloads, such as cutting a
 * stream into objects.
 *
 * <p>The manager calls {@link #begin} on the first worker, which may start others through the context. When the last
 * worker has left, and no other can start, it calls {@link #complete} unless a worker failed or the transfer was
 * cancelled, then {@link #release}, and sets the outcome last. So memory that is released in {@code release} is not
 * touched by any worker any more, provided that the workers touch it only before they return.
 *
 * <p>No worker may wait for another worker to start: the executor may have no thread for it. A worker may run on the
 * thread of the worker that started it, nested inside its call.
 *
 * @param <T> the result
 */
public interface TransferTask<T> {
    /** Returns a description for messages and the log, such as "split of 'image'". */
    String description();

    /**
     * Does the first worker's work. An exception stops the other workers, which are interrupted, and is the outcome.
     *
     * @throws InterruptedException if the worker was interrupted, which cancels the transfer
     */
    void begin(TransferContext context) throws IOException, InterruptedException;

    /**
     * Returns the result, after all workers succeeded. Runs once, on the last worker's thread.
     *
     * @throws InterruptedException if the worker was interrupted, which cancels the transfer
     */
    T complete(TransferContext context) throws IOException, InterruptedException;

    /**
     * Rolls back an incomplete transfer, and releases its memory. Runs once, also for a transfer that never began. What
     * it throws is logged, and does not change the outcome.
     *
     * @param problem the reason why the transfer failed; null if it succeeded
     */
    void release(@Nullable Throwable problem);
}
