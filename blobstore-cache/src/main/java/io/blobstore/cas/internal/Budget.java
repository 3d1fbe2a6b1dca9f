package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a cache: {@code present + doomed + reserved ≤ limit} after each step that adds some, and no more taken
 * from the {@link SharedRoom} of all processes than that has. Puts that need more wait in the order in which they came.
 * Not thread-safe: guarded by the index's lock.
 */
final class Budget {
    /** What a file takes on the disk is a multiple of this, as bazel-remote counts it. */
    static final long BLOCK = 4096;

    /** How often the reaper looks whether another process has made room. */
    private static final Duration POLL = Duration.ofMillis(10);

    /**
     * How long puts wait for a refused one to give back what it had, before the next one is refused; and how often the
     * reaper looks whether it may evict now, where it must not and there is too little room.
     */
    static final Duration RECHECK = Duration.ofSeconds(1);

    /** How long a put waits for another process to make room. */
    static final Duration PATIENCE = Duration.ofSeconds(10);

    /** The largest limit that is useful; small enough that no sum of a few terms overflows. */
    private static final long MAX_LIMIT = 1L << 60;

    private static final long MAX_SUM = 1L << 62;

    /** By how much a reservation grows at a time: a client that only announces much evicts no more than this. */
    private static final long MAX_STEP = 4L << 20;

    private static final int SLACK_FRACTION = 50;
    private static final int STEP_FRACTION = 64;

    private enum Outcome {
        GRANTED,
        REFUSED,
        CLOSED
    }

    /** A put that waits for room. */
    private static final class Waiter {
        final Reservation reservation;
        final long minimum;
        final long preferred;
        final Condition condition;
        final long since = System.nanoTime();

        @Nullable Outcome outcome;

        Waiter(Reservation reservation, long minimum, long preferred, Condition condition) {
            this.reservation = reservation;
            this.minimum = minimum;
            this.preferred = preferred;
            this.condition = condition;
        }
    }

    private final ReentrantLock lock;
    private final SharedRoom room;
    private final Duration patience;
    private final Duration recheck;
    private final long max;

    /** The maximum in whole blocks. */
    final long limit;

    /** What is kept free, so that puts normally find room without waiting. */
    private final long slack;

    /** By how much a reservation grows at a time; less in a small cache, so that many puts fit side by side. */
    private final long step;

    private final Deque<Waiter> waiters = new ArrayDeque<>();

    /** Whether the first one that waits was refused by the shared room. */
    private boolean roomRefused;

    /** The put that was refused last, if it had reserved something, and when that was. */
    private @Nullable Reservation refused;

    private long refusedAt;

    long present;

    /** The part of {@link #present} that cannot be evicted now. */
    long leased;

    long doomed;

    /** The part of {@link #doomed} that is not deleted now: leased, or failed. */
    long stuck;

    private long reserved;

    Budget(long max, ReentrantLock lock, SharedRoom room, Duration patience, Duration recheck) {
        if (max < 1) {
            throw new IllegalArgumentException("the maximum size must be 1 or more; got " + max);
        }
        this.lock = lock;
        this.room = room;
        this.patience = patience;
        this.recheck = recheck;
        this.max = max;
        limit = Math.min(max, MAX_LIMIT) / BLOCK * BLOCK;
        slack = limit / SLACK_FRACTION / BLOCK * BLOCK;
        step = Math.max(BLOCK, Math.min(MAX_STEP, limit / STEP_FRACTION / BLOCK * BLOCK));
    }

    /** Rounds a size up to whole blocks, or down to the largest multiple that a long can hold. */
    static long blocks(long bytes) {
        return (bytes > Long.MAX_VALUE - BLOCK ? Long.MAX_VALUE : bytes + BLOCK - 1) / BLOCK * BLOCK;
    }

    /**
     * Requires that content may be in the cache.
     *
     * @return its size in whole blocks
     * @throws IllegalArgumentException if it has a negative size, or one above the maximum
     */
    long requireAllowed(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("content has 0 bytes or more; got " + bytes);
        }
        long blocks = blocks(bytes);
        if (blocks > limit) {
            throw new IllegalArgumentException(
                    "content that takes " + bytes + " bytes is larger than the cache, which" + " has " + max
                            + " in blocks of " + BLOCK + ": raise its maximum size, or do not cache the content");
        }
        return blocks;
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

    long reserved() {
        return reserved;
    }

    /** Returns whether entries may be evicted by this process. */
    boolean evicts() {
        return room.evicts();
    }

    /** Returns what may be reserved at once; negative while more files were found than the limit allows. */
    private long available() {
        return room.evicts() ? limit - present - doomed - reserved : limit;
    }

    /** Returns what would be available if everything that can be evicted was. */
    private long reachable() {
        return room.evicts() ? limit - reserved - leased - stuck : limit;
    }

    /** Returns how many bytes must be evicted besides those that are being deleted; 0 or less if none. */
    long excess() {
        if (!room.evicts()) {
            return 0;
        }
        long wanted = waiters.isEmpty() ? 0 : wanted();
        long excess = shortage(wanted);
        return roomRefused && !waiters.isEmpty() ? Math.max(BLOCK, excess) : excess;
    }

    private long shortage(long wanted) {
        return present + stuck + reserved + wanted - (limit - slack);
    }

    private long wanted() {
        long wanted = 0;
        for (Waiter waiter : waiters) {
            wanted = Math.min(limit, wanted + waiter.preferred);
        }
        return wanted;
    }

    boolean hasWaiters() {
        return !waiters.isEmpty();
    }

    /** Returns for how long the reaper may sleep before it calls {@link #settle} again. */
    long pollNanos() {
        boolean evicts = room.evicts();
        if (waiters.isEmpty()) {
            return evicts || shortage(0) <= 0 ? Long.MAX_VALUE : recheck.toNanos();
        }
        return (evicts ? recheck : POLL).toNanos();
    }

    /**
     * Makes sure that a reservation has a number of bytes, or more; waits if room must be made.
     *
     * @param needed the number of bytes, in whole blocks
     * @param wait runs before the wait, to make the reaper work
     * @throws IllegalStateException if the index is closed meanwhile
     */
    void grow(Reservation reservation, long needed, Runnable wait) throws CacheFullException, InterruptedIOException {
        if (needed <= reservation.granted) {
            return;
        }
        long minimum = needed - reservation.granted;
        long usual = Math.min(reservation.declared - reservation.granted, step);
        long preferred = Math.max(minimum, usual);
        if (waiters.isEmpty()) {
            if (grant(reservation, preferred)) {
                return;
            }
            long reachable = reachable();
            if (reachable < minimum) {
                throw full(minimum);
            }
            if (reachable < preferred && grant(reservation, Math.max(minimum, available()))) {
                return;
            }
            preferred = Math.min(preferred, reachable);
        }
        Waiter waiter = new Waiter(reservation, minimum, preferred, lock.newCondition());
        waiters.add(waiter);
        wait.run();
        await(waiter);
    }

    /** Grants room if it is available. */
    private boolean grant(Reservation reservation, long bytes) {
        if (bytes > available()) {
            return false;
        }
        if (!room.take(bytes)) {
            roomRefused = true;
            return false;
        }
        reserved += bytes;
        reservation.granted += bytes;
        roomRefused = false;
        return true;
    }

    private void await(Waiter waiter) throws CacheFullException, InterruptedIOException {
        while (waiter.outcome == null) {
            try {
                waiter.condition.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                if (waiter.outcome == null) {
                    waiters.remove(waiter);
                    serve();
                    throw new InterruptedIOException("interrupted while waiting for room in the cache");
                }
            }
        }
        if (waiter.outcome == Outcome.CLOSED) {
            throw new IllegalStateException("this cache is closed");
        }
        if (waiter.outcome == Outcome.REFUSED) {
            throw full(waiter.minimum);
        }
    }

    /** Exchanges a reservation for the bytes of a file, which were taken from the room; 0 if there is none. */
    void close(Reservation reservation, long used) {
        reserved -= reservation.granted;
        if (reservation.granted > used) {
            room.give(reservation.granted - used);
        }
        reservation.granted = 0;
        reservation.closed = true;
        serve();
    }

    /** Grants what has become available. */
    void serve() {
        for (Waiter waiter = waiters.peek(); waiter != null; waiter = waiters.peek()) {
            if (!grant(waiter.reservation, waiter.preferred)) {
                return;
            }
            end(waiter, Outcome.GRANTED);
        }
        roomRefused = false;
    }

    /**
     * Decides about those that wait, when this process can evict or delete nothing more. After a refusal, the others
     * wait for what the refused put gives back, if it had anything; {@link #pollNanos} bounds that wait.
     */
    void settle() {
        serve();
        for (Waiter waiter = waiters.peek(); waiter != null; waiter = waiters.peek()) {
            boolean evicts = room.evicts(); // asked first: if that begins meanwhile, the next attempt decides
            long some = Math.max(waiter.minimum, Math.min(waiter.preferred, available()));
            if (grant(waiter.reservation, some) || grant(waiter.reservation, waiter.minimum)) {
                end(waiter, Outcome.GRANTED);
            } else if (!evicts && System.nanoTime() - waiter.since < patience.toNanos()) {
                return;
            } else if (givesBack()) {
                return;
            } else {
                end(waiter, Outcome.REFUSED);
                if (waiter.reservation.granted > 0) {
                    refused = waiter.reservation;
                    refusedAt = System.nanoTime();
                    return;
                }
            }
        }
        roomRefused = false;
    }

    /** Returns whether the put that was refused last may still give back what it had. */
    private boolean givesBack() {
        return refused != null && !refused.closed && System.nanoTime() - refusedAt < recheck.toNanos();
    }

    /** Ends all waits because the index is closed. */
    void close() {
        for (Waiter waiter = waiters.peek(); waiter != null; waiter = waiters.peek()) {
            end(waiter, Outcome.CLOSED);
        }
    }

    private void end(Waiter waiter, Outcome outcome) {
        waiters.remove(waiter);
        waiter.outcome = outcome;
        waiter.condition.signal();
    }

    private CacheFullException full(long bytes) {
        return new CacheFullException(
                String.format(
                        Locale.ROOT,
                        "the cache has no room for %d more bytes: of %d, %d are of entries in use or that"
                                + " wait to be uploaded, %d of content being put, and %d of removed files that are in"
                                + " use or could not be deleted%s; release entries, open the store to which they are"
                                + " to be uploaded, put less at a time, try again later, or raise the maximum size",
                        bytes,
                        max,
                        leased,
                        reserved,
                        stuck,
                        room == SharedRoom.PRIVATE ? "" : ", besides those of other processes"),
                null);
    }
}
