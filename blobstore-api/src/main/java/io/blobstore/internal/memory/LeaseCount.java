package io.blobstore.internal.memory;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the leases of one piece of memory and says, exactly once, when to free it.
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
 *   CLOSING(0) ◄── CLOSING(n)      release -1; acquire is refused, but to who holds a lease already
 *    = free
 * </pre>
 *
 * <p>CLOSING(0) is entered by exactly one transition, and whoever makes it (the last release, or a close with nothing
 * leased) is told to free the memory. It is never left. Keeping the two facts in one word is what makes that exact:
 * with a count beside a flag, a release and a close could each believe that the other one frees.
 *
 * <p>A release without its acquire would free memory under somebody else's lease; {@link LeaseTicket} makes sure that
 * each lease releases once.
 */
public final class LeaseCount {
    private static final int CLOSING = Integer.MIN_VALUE;

    private final AtomicInteger state = new AtomicInteger();

    /** Takes one lease, unless {@link #close()} was called: then false. */
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
     * Takes one more lease for somebody who holds one, even after {@link #close()}: the memory is there as long as that
     * one is. False if there is no lease at all.
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
     * Gives one lease back.
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

    /** Whether {@link #close()} was called. */
    public boolean isClosing() {
        return state.get() < 0;
    }

    private static void requireRoom(int leases) {
        if (leases == Integer.MAX_VALUE) {
            throw new IllegalStateException("2^31 - 1 leases are open on one mapping: some are never closed");
        }
    }

    /** The number of leases now. */
    public int leases() {
        return state.get() & ~CLOSING;
    }
}
