package io.blobstore.cas.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the uses of a resource, and releases it when it was closed and the last use has ended. Thread-safe, without a
 * lock.
 */
public final class UseCount {
    private static final int CLOSED = Integer.MIN_VALUE;

    /** The number of uses; the sign bit is set once it is closed. */
    private final AtomicInteger uses = new AtomicInteger();

    private final Runnable release;

    /**
     * Creates a count of 0.
     *
     * @param release run exactly once: by {@link #close}, or by the last use to end after that
     */
    public UseCount(Runnable release) {
        this.release = release;
    }

    /** Begins a use, to be ended by {@link #leave}; returns false if it is closed. */
    public boolean tryEnter() {
        int now = uses.get();
        while (now >= 0) {
            int before = uses.compareAndExchange(now, now + 1);
            if (before == now) {
                return true;
            }
            now = before;
        }
        return false;
    }

    /** Ends a use. */
    public void leave() {
        if (uses.decrementAndGet() == CLOSED) {
            release.run();
        }
    }

    /** Refuses further uses. Idempotent; does not wait. */
    public void close() {
        if (uses.getAndUpdate(now -> now | CLOSED) == 0) {
            release.run();
        }
    }
}
