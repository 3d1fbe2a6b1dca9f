package io.blobstore.internal.memory;

import java.lang.ref.Cleaner;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Releases one lease (or one mapped file) at most once, and reports those that are never released.
 *
 * <p>A ticket is held by its lease object. When that object becomes unreachable with the ticket still open, the leak is
 * logged with the stack trace of its creation, and counted; the memory stays mapped, because it cannot be proven unused
 * (a native call may be reading it). The set of open tickets is static, because leaks are a property of the process.
 */
public final class LeaseTicket {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseTicket.class);
    private static final Cleaner CLEANER = Cleaner.create();
    private static final Set<State> OPEN = ConcurrentHashMap.newKeySet();
    private static final AtomicLong LEAKED = new AtomicLong();

    private final State state;
    private final Cleaner.Cleanable watch;

    private LeaseTicket(State state, Cleaner.Cleanable watch) {
        this.state = state;
        this.watch = watch;
    }

    /**
     * Opens a ticket.
     *
     * @param lease the object whose unreachability means a leak; the ticket must be reachable from it
     * @param what a description of the leased object, for the report
     * @param onRelease run by the first {@link #release()}; must not refer to the lease
     */
    public static LeaseTicket open(Object lease, String what, Runnable onRelease) {
        State state = new State(what, onRelease, new LeaseTrace(what));
        OPEN.add(state);
        return new LeaseTicket(state, CLEANER.register(lease, state));
    }

    /** Releases the lease. Idempotent. */
    public void release() {
        if (state.released.compareAndSet(false, true)) {
            OPEN.remove(state);
            watch.clean(); // unregisters: the state is released, so nothing is reported
            state.onRelease.run();
        }
    }

    /** Returns whether {@link #release()} was called. */
    public boolean isReleased() {
        return state.released.get();
    }

    /** Returns the stack traces of the creation of all leases that are open in this process. */
    public static List<? extends Throwable> openLeases() {
        return OPEN.stream().map(state -> state.trace).toList();
    }

    /** Returns the number of leases of this process that became unreachable without having been released. */
    public static long leaked() {
        return LEAKED.get();
    }

    private static final class State implements Runnable {
        final AtomicBoolean released = new AtomicBoolean();
        final String what;
        final Runnable onRelease;
        final LeaseTrace trace;

        State(String what, Runnable onRelease, LeaseTrace trace) {
            this.what = what;
            this.onRelease = onRelease;
            this.trace = trace;
        }

        /** Runs when the lease is unreachable, or from {@link LeaseTicket#release()}, which comes first. */
        @Override
        public void run() {
            if (released.get()) {
                return;
            }
            try {
                LOG.error(
                        "Never closed: {}. Its memory stays mapped until the JVM ends. Use a try-with-resources block."
                                + " It was opened here:",
                        what,
                        trace);
            } finally {
                LEAKED.incrementAndGet(); // after the report, so that a reader of the number finds the report
            }
        }
    }

    /** The stack trace of a lease's creation. */
    private static final class LeaseTrace extends Throwable {
        private static final long serialVersionUID = 1L;

        LeaseTrace(String what) {
            super(what);
        }
    }
}
