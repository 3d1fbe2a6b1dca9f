package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which pieces of a fill have arrived, which comes next, and who waits. Thread-safe.
 *
 * <pre>
 *   MISSING ──next──► CHOSEN ──arrived──► THERE
 * </pre>
 */
public final class FillState {
    private static final byte MISSING = 0;
    private static final byte CHOSEN = 1;
    private static final byte THERE = 2;

    private final PieceLayout layout;

    /** Pieces that are needed: from the next one to choose, to the last one. */
    private static final class Demand {
        int next;
        final int last;

        Demand(int next, int last) {
            this.next = next;
            this.last = last;
        }
    }

    /** Held for a few instructions for each piece of a range; waiting releases it. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final byte[] states;
    private final int[] checksums;
    /** The ranges of pieces that somebody waits for, the first demand first; some may have been chosen since. */
    private final Deque<Demand> demanded = new ArrayDeque<>();
    /** No piece before this one is missing. */
    private int cursor;

    private int there;
    private long availableBytes;
    private boolean ended;
    private @Nullable Throwable failure;

    /**
     * Creates a state in which everything is missing.
     *
     * @param layout of at most 2^31 - 1 pieces
     */
    public FillState(PieceLayout layout) {
        this.layout = layout;
        int count = Math.toIntExact(layout.count());
        states = new byte[count];
        checksums = new int[count];
    }

    /** Chooses the next piece: one that is waited for, else the first one that is missing; empty if none is. */
    public OptionalLong next() {
        lock.lock();
        try {
            for (Demand first = demanded.peek(); first != null; first = demanded.peek()) {
                for (; first.next <= first.last; first.next++) {
                    if (states[first.next] == MISSING) {
                        states[first.next] = CHOSEN;
                        return OptionalLong.of(first.next);
                    }
                }
                demanded.remove();
            }
            while (cursor < states.length && states[cursor] != MISSING) {
                cursor++;
            }
            if (cursor == states.length) {
                return OptionalLong.empty();
            }
            states[cursor] = CHOSEN;
            return OptionalLong.of(cursor);
        } finally {
            lock.unlock();
        }
    }

    /** Records that a piece has arrived. */
    public void arrived(long piece, Crc32c checksum) {
        lock.lock();
        try {
            int number = Math.toIntExact(piece);
            states[number] = THERE;
            checksums[number] = checksum.value();
            there++;
            availableBytes += layout.length(piece);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Records the end, once. */
    public void ended(@Nullable Throwable problem) {
        lock.lock();
        try {
            ended = true;
            failure = problem;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether all pieces have arrived. */
    public boolean isComplete() {
        lock.lock();
        try {
            return there == states.length;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of bytes that have arrived. */
    public long availableBytes() {
        lock.lock();
        try {
            return availableBytes;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the checksum of the whole content; all pieces must have arrived. */
    public Crc32c checksum() {
        lock.lock();
        try {
            Crc32c whole = Crc32c.EMPTY;
            for (int i = 0; i < checksums.length; i++) {
                whole = whole.combine(new Crc32c(checksums[i]), layout.length(i));
            }
            return whole;
        } finally {
            lock.unlock();
        }
    }

    // ---- waiting

    /** Returns whether the bytes of a range are there, and nothing has failed. */
    public boolean isThere(long offset, long length) {
        lock.lock();
        try {
            return failure == null && missing(first(offset), last(offset, length)) < 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the bytes of a range are there, or until the end. Missing pieces of the range come next.
     *
     * @return the failure, if there was one
     */
    public @Nullable Throwable await(long offset, long length) throws InterruptedException {
        lock.lock();
        try {
            int last = last(offset, length);
            int missing = missing(first(offset), last);
            if (missing >= 0) {
                demanded.add(new Demand(missing, last));
            }
            while (!ended && missing >= 0) {
                changed.await();
                missing = missing(missing, last); // what was there before still is
            }
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the end.
     *
     * @return the failure, if there was one
     */
    public @Nullable Throwable awaitEnd() throws InterruptedException {
        lock.lock();
        try {
            while (!ended) {
                changed.await();
            }
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the end, even if the caller is interrupted; its interrupt status is restored. */
    public void awaitEndUninterruptibly() {
        lock.lock();
        try {
            while (!ended) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the end was recorded. */
    public boolean isEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns the first piece of a range that has not arrived, from a piece on; -1 if there is none. Requires the lock.
     */
    private int missing(int from, int last) {
        for (int piece = from; piece <= last; piece++) {
            if (states[piece] != THERE) {
                return piece;
            }
        }
        return -1;
    }

    private int first(long offset) {
        return Math.toIntExact(layout.pieceAt(offset));
    }

    /** Returns the last piece of a range; for an empty range, one before the first. */
    private int last(long offset, long length) {
        return length == 0 ? first(offset) - 1 : Math.toIntExact(layout.pieceAt(offset + length - 1));
    }
}
