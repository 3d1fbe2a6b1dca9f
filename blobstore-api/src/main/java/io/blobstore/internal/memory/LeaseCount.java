package io.blobstore.internal.memory;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the leases of one mapping and determines, exactly once, when to free it. Thread-safe.
 *
 * <p>The state is one atomic int: the number of leases, and the sign bit once the owner has closed.
 *
 * <pre>
 *              acquire +1 / release -1
 *                   ┌────────┐
 *                   ▼        │
 *   OPEN(0) ◄──► OPEN(n) ────┘
 *      │            │
 *      │ close      │ close
 *      ▼            ▼
 *   CLOSING(0) ◄── CLOSING(n)      release -1; acquire is refused, except for holders of a lease
 *    = free
 * </pre>
 *
 * <p>CLOSING(0) is entered by exactly one transition, and the call that makes it (the last release, or a close without
 * leases) returns that the caller must free the memory. It is never left. Both facts are in one word to make that
 * exact: with a separate count and flag, a release and a close could each assume that the other one frees.
 *
 * <p>A release without its acquire would free memory that another lease uses; {@link LeaseTicket} ensures that each
 * lease releases once.
 */
public final class LeaseCount {
    private static final int CLOSING = Integer.MIN_VALUE;

    private final AtomicInteger state = new AtomicInteger();

    /** Takes one lease; returns false if {@link #close()} was called. */
    public boolean tryAcquire() {
        for (; ; ) {
            int current = state.get();
            if (current < 0) {
                return false;
            }
            requireRoom(current);
            if (state.compareAndSet(current, current + 1)) {
                return true;
            }
        }
    }

    /**
     * Takes one more lease for the holder of one, even after {@link #close()}: the memory is mapped as long as that one
     * is open. Returns false if there is no lease.
     */
    public boolean tryAcquireMore() {
        for (; ; ) {
            int current = state.get();
            int leases = current & ~CLOSING;
            if (leases == 0) {
                return false;
            }
            requireRoom(leases);
            if (state.compareAndSet(current, current + 1)) {
                return true;
            }
        }
    }

    /**
     * Releases one lease.
     *
     * @return true if the caller must free the memory now
     */
    public boolean release() {
        for (; ; ) {
            int current = state.get();
            if ((current & ~CLOSING) == 0) {
                throw new IllegalStateException("released more often than acquired");
            }
            if (state.compareAndSet(current, current - 1)) {
                return current - 1 == CLOSING;
            }
        }
    }

    /**
     * Refuses further leases. Idempotent.
     *
     * @return true if the caller must free the memory now
     */
    public boolean close() {
        return state.getAndUpdate(current -> current | CLOSING) == 0;
    }

    /** Returns whether {@link #close()} was called. */
    public boolean isClosing() {
        return state.get() < 0;
    }

    private static void requireRoom(int leases) {
        if (leases == Integer.MAX_VALUE) {
            throw new IllegalStateException("2^31 - 1 leases are open on one mapping: some are never closed");
        }
    }

    /** Returns the current number of leases. */
    public int leases() {
        return state.get() & ~CLOSING;
    }
}
