package io.blobstore.transfer;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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
        running.forEach(transfer -> transfer.awaitEnd(this::cancelAll));
    }

    /**
     * Refuses further transfers, waits for the running ones for a limited time, cancels those that are left, and waits
     * for their end. An interrupt ends the limited time. Idempotent.
     *
     * @return whether all transfers ended in time
     */
    boolean close(Duration grace) {
        closed = true;
        boolean inTime = awaitAll(grace);
        if (!inTime) {
            running.forEach(ParallelTransfer::managerCloses);
            cancelAll();
        }
        close();
        return inTime;
    }

    /** Cancels the running transfers, without waiting. */
    void cancelAll() {
        running.forEach(ParallelTransfer::cancel);
    }

    /** Returns whether all running transfers ended in time; if interrupted, false, with the interrupt status set. */
    private boolean awaitAll(Duration time) {
        CompletableFuture<?>[] ends =
                running.stream().map(ParallelTransfer::whenEnded).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(ends).get(TimeUnit.NANOSECONDS.convert(time), TimeUnit.NANOSECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new AssertionError("an end has no failure", e);
        }
    }
}
