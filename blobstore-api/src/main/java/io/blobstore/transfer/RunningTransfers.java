package io.blobstore.transfer;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The transfers of one {@link TransferManager} that have not ended, and whether more may start. Thread-safe. */
class RunningTransfers {
    private final Set<ParallelTransfer<?>> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * Adds a transfer to those that {@link #close()} waits for, until {@link #ended}. It must not have started.
     *
     * @throws IllegalStateException if the manager is closed; the transfer has ended then
     */
    <T extends ParallelTransfer<?>> T enter(T transfer) {
        running.add(transfer);
        try {
            requireOpen(); // after adding: either close() sees this transfer, or this thread sees that it is closed
        } catch (IllegalStateException e) {
            transfer.cancel();
            throw e;
        }
        return transfer;
    }

    /** Removes a transfer whose outcome is set. */
    void ended(ParallelTransfer<?> transfer) {
        running.remove(transfer);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this TransferManager is closed");
        }
    }

    /**
     * Refuses further transfers, and waits for the running ones. If the caller is interrupted while waiting, cancels
     * them and continues to wait. Idempotent.
     */
    void close() {
        closed = true;
        running.forEach(ParallelTransfer::managerCloses);
        running.forEach(transfer -> transfer.awaitEnd(() -> running.forEach(ParallelTransfer::cancel)));
    }
}
