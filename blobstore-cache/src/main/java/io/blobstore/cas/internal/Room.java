package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a cache: {@code present + doomed + reserved ≤ limit} after each step that adds some. Puts that need more
 * wait in the order in which they came. Not thread-safe: guarded by the index's lock.
 */
final class Room {
    /** What a file takes on the disk is a multiple of this, as bazel-remote counts it. */
    static final long BLOCK = 4096;

    /** The largest limit that is useful; small enough that no sum of a few terms overflows. */
    private static final long MAX_LIMIT = 1L << 60;

    private static final long MAX_SUM = 1L << 62;

    /** By how much a reservation grows at a time: a client that only announces much evicts no more than this. */
    private static final long MAX_STEP = 4L << 20;

    private static final int SLACK_FRACTION = 50;
    private static final int STEP_FRACTION = 64;

    /** A put that waits for room. */
    static final class Waiter {
        /** What became of the wait. */
        enum Outcome {
            GRANTED,
            REFUSED,
            CLOSED
        }

        final Reservation reservation;
        final long minimum;
        final long preferred;
        final Condition condition;

        @Nullable Outcome outcome;

        Waiter(Reservation reservation, long minimum, long preferred, Condition condition) {
            this.reservation = reservation;
            this.minimum = minimum;
            this.preferred = preferred;
            this.condition = condition;
        }
    }

    final long max;
    final long limit;

    /** What is kept free, so that puts normally find room without waiting. */
    final long slack;

    /** By how much a reservation grows at a time; less in a small cache, so that many puts fit side by side. */
    final long step;

    private final Deque<Waiter> waiters = new ArrayDeque<>();

    long present;

    /** The part of {@link #present} that cannot be evicted now. */
    long leased;

    long doomed;

    /** The part of {@link #doomed} that is not deleted now: leased, or failed. */
    long stuck;

    long reserved;

    Room(long max) {
        if (max < 1) {
            throw new IllegalArgumentException("the maximum size must be 1 or more; got " + max);
        }
        this.max = max;
        limit = Math.min(max, MAX_LIMIT) / BLOCK * BLOCK;
        slack = limit / SLACK_FRACTION / BLOCK * BLOCK;
        step = Math.max(BLOCK, Math.min(MAX_STEP, limit / STEP_FRACTION / BLOCK * BLOCK));
    }

    /** Rounds a size up to whole blocks, or down to the largest multiple that a long can hold. */
    static long blocks(long bytes) {
        return bytes > Long.MAX_VALUE - (BLOCK - 1) ? Long.MAX_VALUE / BLOCK * BLOCK : (bytes + BLOCK - 1) / BLOCK * BLOCK;
    }

    /**
     * Requires that a file that was found can be added to the sums.
     *
     * @throws IllegalArgumentException if they would overflow, which only sparse files can cause
     */
    void requireCountable(long bytes) {
        if (bytes > MAX_SUM - present - doomed) {
            throw new IllegalArgumentException("the files of the cache have more than " + MAX_SUM
                    + " bytes with one of " + bytes + ": it is not one that a cache has written");
        }
    }

    /** Returns what may be reserved at once; negative while more files were found than the limit allows. */
    long available() {
        return limit - present - doomed - reserved;
    }

    /** Returns what would be available if everything that can be evicted was. */
    private long reachable() {
        return limit - reserved - leased - stuck;
    }

    /** Returns how many bytes must be evicted besides those that are being deleted; 0 or less if none. */
    long excess() {
        long wanted = 0;
        for (Waiter waiter : waiters) {
            wanted = Math.min(limit, wanted + waiter.preferred);
        }
        return present + stuck + reserved + wanted - (limit - slack);
    }

    boolean hasWaiters() {
        return !waiters.isEmpty();
    }

    /**
     * Grants room at once, if that is possible without passing others.
     *
     * @return a waiter, if the room can be made by evicting; null if it was granted
     */
    @Nullable Waiter request(Reservation reservation, long minimum, long preferred, Condition condition)
            throws CacheFullException {
        if (waiters.isEmpty()) {
            long available = available();
            if (available >= preferred) {
                grant(reservation, preferred);
                return null;
            }
            long reachable = reachable();
            if (reachable < minimum) {
                throw full(minimum);
            }
            if (reachable < preferred && available >= minimum) {
                grant(reservation, available);
                return null;
            }
            preferred = Math.min(preferred, reachable);
        }
        Waiter waiter = new Waiter(reservation, minimum, preferred, condition);
        waiters.add(waiter);
        return waiter;
    }

    private void grant(Reservation reservation, long bytes) {
        reserved += bytes;
        reservation.granted += bytes;
    }

    /** Ends a wait before it has an outcome. */
    void cancel(Waiter waiter) {
        waiters.remove(waiter);
        serve();
    }

    /** Grants what has become available. */
    void serve() {
        for (Waiter waiter = waiters.peek();
                waiter != null && waiter.preferred <= available();
                waiter = waiters.peek()) {
            grant(waiter.reservation, waiter.preferred);
            end(waiter, Waiter.Outcome.GRANTED);
        }
    }

    /**
     * Decides about those that wait, when nothing can be evicted or deleted any more. After a refusal, the others wait
     * for what the refused put gives back, if it had anything.
     */
    void settle() {
        serve();
        for (Waiter waiter = waiters.peek(); waiter != null; waiter = waiters.peek()) {
            if (waiter.minimum <= available()) {
                grant(waiter.reservation, Math.min(waiter.preferred, available()));
                end(waiter, Waiter.Outcome.GRANTED);
            } else {
                end(waiter, Waiter.Outcome.REFUSED);
                if (waiter.reservation.granted > 0) {
                    return;
                }
            }
        }
    }

    /** Ends all waits because the index is closed. */
    void close() {
        for (Waiter waiter = waiters.peek(); waiter != null; waiter = waiters.peek()) {
            end(waiter, Waiter.Outcome.CLOSED);
        }
    }

    private void end(Waiter waiter, Waiter.Outcome outcome) {
        waiters.remove(waiter);
        waiter.outcome = outcome;
        waiter.condition.signal();
    }

    CacheFullException full(long bytes) {
        return new CacheFullException(
                String.format(
                        Locale.ROOT,
                        "the cache has no room for %d more bytes: of %d, %d are of entries in use, %d of content being"
                                + " put, and %d of removed files that are in use or could not be deleted; release"
                                + " entries, put less at a time, try again later, or raise the maximum size",
                        bytes, max, leased, reserved, stuck),
                null);
    }
}
