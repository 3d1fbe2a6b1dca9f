package io.blobstore.server.internal;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how many uploads have incomplete content in memory. The others wait, in the order in which they came, and
 * leave in the socket what their clients send: no upload fails for want of memory. Thread-safe; never blocks.
 */
public final class UploadTurns {
    /** One upload in so much direct memory: it takes a piece of content and the frames that are compressed. */
    private static final long BYTES = 24L << 20;

    private static final int LEAST = 4;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Deque<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private int free;

    /** Creates a number of turns, all of them free. */
    public UploadTurns(int count) {
        free = count;
    }

    /**
     * Creates as many turns as there is memory for, 4 or more.
     *
     * @param maxDirectBytes the most direct memory of the process
     */
    public static UploadTurns of(long maxDirectBytes) {
        return new UploadTurns((int) Math.max(LEAST, Math.min(Integer.MAX_VALUE, maxDirectBytes / BYTES)));
    }

    /** Returns a future that completes when a turn was taken, which is to be given back: at once if one is free. */
    public CompletableFuture<Void> take() {
        lock.lock();
        try {
            if (free > 0) {
                free--;
                return CompletableFuture.completedFuture(null);
            }
            CompletableFuture<Void> turn = new CompletableFuture<>();
            waiting.add(turn);
            return turn;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends a wait: cancels the future, unless the turn was given to it before. Then it completes as usual, and the turn
     * is to be given back.
     */
    public void cancel(CompletableFuture<Void> turn) {
        boolean waited;
        lock.lock();
        try {
            waited = waiting.removeIf(other -> other == turn);
        } finally {
            lock.unlock();
        }
        if (waited) {
            turn.cancel(false);
        }
    }

    /** Gives a turn back. */
    public void give() {
        CompletableFuture<Void> next = next();
        if (next != null) {
            next.complete(null);
        }
    }

    private @Nullable CompletableFuture<Void> next() {
        lock.lock();
        try {
            CompletableFuture<Void> next = waiting.poll();
            if (next == null) {
                free++;
            }
            return next;
        } finally {
            lock.unlock();
        }
    }
}
