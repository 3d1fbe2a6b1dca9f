package io.blobstore.cache.pieces;

import io.blobstore.ReadResult;
import io.blobstore.transfer.Transfer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs transfers of pieces, a bounded number at a time. Which piece is next is decided as late as possible: when there
 * is room for one more.
 *
 * <p>Has no thread of its own: {@link #run} starts the first transfers, and whichever thread ends one starts the next.
 * {@link Work#ended} is called once, when no transfer is running any more, so nothing touches their memory.
 *
 * <p>Thread-safe.
 */
public final class TransferQueue {
    /** What the transfers do. */
    public interface Work {
        /**
         * Chooses the next piece. Called under a lock: must not block, and must not call this queue.
         *
         * @return empty if all pieces have been chosen
         */
        OptionalLong next();

        /**
         * Starts the transfer of a piece.
         *
         * @throws IOException if it cannot be started, which ends everything
         */
        Transfer<ReadResult> start(long piece) throws IOException;

        /** Called when a piece has arrived, by several threads at a time. */
        void arrived(long piece, ReadResult result);

        /**
         * Called once, at the end.
         *
         * @param failure the first failure; null if all pieces have arrived
         */
        void ended(@Nullable Throwable failure);
    }

    private final Work work;
    private final int concurrency;

    /** Held for a few instructions, and while the next piece is chosen. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    /** The pieces whose transfers have not ended, with the transfers, except for those that are just being started. */
    private final Map<Long, @Nullable Transfer<ReadResult>> running = new HashMap<>();

    private @Nullable Throwable failure;
    /** Whether a thread starts transfers; others leave it to that one. */
    private boolean starting;

    private boolean ended;

    /**
     * Creates a queue that has started nothing.
     *
     * @param concurrency the maximum number of transfers at a time
     */
    public TransferQueue(Work work, int concurrency) {
        this.work = work;
        this.concurrency = concurrency;
    }

    /** Starts transfers as long as there is room; to be called once. */
    public void run() {
        lock.lock();
        try {
            if (starting) {
                return; // the thread that starts transfers looks again before it stops
            }
            starting = true;
        } finally {
            lock.unlock();
        }
        for (OptionalLong next = choose(); next.isPresent(); next = choose()) {
            start(next.getAsLong());
        }
    }

    /** Chooses the next piece; if there is none now, lets other threads start transfers, and ends if that was all. */
    private OptionalLong choose() {
        Throwable problem;
        lock.lock();
        try {
            if (failure == null && running.size() < concurrency) {
                OptionalLong next = work.next();
                if (next.isPresent()) {
                    running.put(next.getAsLong(), null);
                    return next;
                }
            }
            starting = false;
            if (ended || !running.isEmpty()) {
                return OptionalLong.empty();
            }
            ended = true;
            problem = failure;
        } finally {
            lock.unlock();
        }
        work.ended(problem);
        return OptionalLong.empty();
    }

    private void start(long piece) {
        Transfer<ReadResult> transfer;
        try {
            transfer = work.start(piece);
        } catch (IOException | RuntimeException | Error e) {
            failed(piece, e);
            return;
        }
        boolean stopped;
        lock.lock();
        try {
            running.put(piece, transfer);
            stopped = failure != null;
        } finally {
            lock.unlock();
        }
        if (stopped) {
            transfer.cancel();
        }
        CompletableFuture<?> unused =
                transfer.toCompletableFuture().whenComplete((result, problem) -> end(piece, result, problem));
    }

    private void end(long piece, @Nullable ReadResult result, @Nullable Throwable problem) {
        Throwable failed =
                problem instanceof CompletionException && problem.getCause() != null ? problem.getCause() : problem;
        if (result != null) {
            try {
                work.arrived(piece, result);
            } catch (RuntimeException | Error e) {
                failed = e;
            }
        }
        if (failed != null) {
            failed(piece, failed);
        } else {
            forget(piece);
            run();
        }
    }

    /** Stops because of a piece, which runs until the failure is noted: otherwise another thread could end it well. */
    private void failed(long piece, Throwable problem) {
        stop(problem);
        forget(piece);
        run();
    }

    private void forget(long piece) {
        lock.lock();
        try {
            running.remove(piece);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Starts no further transfer, and cancels those that run. Does not wait for them. Does nothing after the end, or
     * after another failure.
     *
     * @param problem the reason
     */
    public void stop(Throwable problem) {
        List<Transfer<ReadResult>> cancelled = new ArrayList<>();
        lock.lock();
        try {
            if (failure == null && !ended) {
                failure = problem;
                for (Transfer<ReadResult> transfer : running.values()) {
                    if (transfer != null) {
                        cancelled.add(transfer);
                    }
                }
            }
        } finally {
            lock.unlock();
        }
        cancelled.forEach(Transfer::cancel);
        run();
    }
}
