package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many connections there may be to each endpoint, who gets the next, and which are kept while nobody uses them. Of
 * those the last used one is used first: that way those not needed grow old, and are closed when the pool is next used.
 * No thread of its own. Thread-safe.
 *
 * <p>Each call has a {@link Slot}, and by it one connection at a time. As none has a slot and waits for another,
 * waiting ends when the calls before do.
 */
final class ConnectionPool {
    /** More than a client's usual concurrency, and few enough for a limit of 1024 descriptors at three each. */
    private static final int MOST_IDLE = 64;

    private final int most;
    private final long maxIdleNanos;
    private final long maxAgeNanos;
    private final TransportClock clock;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<Endpoint, Group> groups = new HashMap<>();
    private boolean closed;

    /**
     * The connections to an endpoint: one for each slot that is taken, and the idle ones. Somebody waits only if none
     * is idle.
     */
    private static final class Group {
        private final Deque<Connection> idle = new ArrayDeque<>();
        private final Deque<Slot> waiting = new ArrayDeque<>();
        private int taken;
    }

    /**
     * Makes a pool.
     *
     * @param most how many connections to an endpoint there may be, those that are idle, being made or being closed
     *     among them
     * @param maxIdle for how long a connection may be idle
     * @param maxAge for how long it is used at all, so that changes of a name's addresses are followed
     */
    ConnectionPool(int most, Duration maxIdle, Duration maxAge, TransportClock clock) {
        this.most = most;
        maxIdleNanos = TimeUnit.NANOSECONDS.convert(maxIdle);
        maxAgeNanos = TimeUnit.NANOSECONDS.convert(maxAge);
        this.clock = clock;
    }

    /** A slot that is yet to be taken. */
    Slot slot(Endpoint endpoint) {
        return new Slot(endpoint);
    }

    /**
     * The right to have a connection to an endpoint. For one call, and its thread; others may only {@link #cancel} the
     * wait.
     */
    final class Slot {
        private final Endpoint endpoint;
        private final Condition changed = lock.newCondition();
        // Guarded by lock:
        private boolean taken;
        private boolean cancelled;
        private Optional<Connection> passedOn = Optional.empty();

        private Slot(Endpoint endpoint) {
            this.endpoint = endpoint;
        }

        /**
         * Takes the slot, to be given back by the caller. If there is none, waits for it: first come, first served, and
         * for as long as it takes.
         *
         * @return an idle connection, which may be stale; empty if the caller has to make one
         * @throws TransportException if the wait was cancelled
         * @throws ClosedByInterruptException if the thread was interrupted while it waited; its status stays set
         */
        Optional<Connection> take() throws TransportException, ClosedByInterruptException {
            closeExpired();
            lock.lock();
            try {
                Group group = group(endpoint);
                if (!group.idle.isEmpty() || group.taken < most) {
                    group.taken++;
                    taken = true;
                    return Optional.ofNullable(group.idle.pollFirst());
                }
                group.waiting.addLast(this);
                awaitTurn(group);
                return passedOn;
            } finally {
                lock.unlock();
            }
        }

        private void awaitTurn(Group group) throws TransportException, ClosedByInterruptException {
            while (!taken) {
                if (cancelled) {
                    group.waiting.remove(this);
                    throw new TransportException(Kind.CANCELLED, "the request was cancelled", null);
                }
                try {
                    changed.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    if (!taken) { // else it fails at what it does next, and gives the slot back
                        group.waiting.remove(this);
                        throw new ClosedByInterruptException();
                    }
                }
            }
        }

        /** Ends the wait, if there is one. May be called by any thread, and after the end. */
        void cancel() {
            lock.lock();
            try {
                cancelled = true;
                changed.signal();
            } finally {
                lock.unlock();
            }
        }

        /** Another idle connection, if there is one, in place of one that is closed. */
        Optional<Connection> another() {
            lock.lock();
            try {
                return Optional.ofNullable(group(endpoint).idle.pollFirst());
            } finally {
                lock.unlock();
            }
        }

        /**
         * Gives the slot back together with a connection that can be used again; or closes that, and leaves the slot
         * taken.
         */
        void giveBack(Connection reusable) {
            closeExpired();
            lock.lock();
            try {
                Group group = group(endpoint);
                long now = clock.nanoTime();
                boolean wanted = !group.waiting.isEmpty() || group.idle.size() < MOST_IDLE;
                if (!closed && wanted && now - reusable.madeAt() <= maxAgeNanos) {
                    reusable.becomesIdle(now);
                    taken = false;
                    passOn(endpoint, Optional.of(reusable));
                    return;
                }
            } finally {
                lock.unlock();
            }
            reusable.close();
        }

        /** Gives the slot back, if it is taken, when there is no connection any more. */
        void giveBack() {
            lock.lock();
            try {
                if (taken) {
                    taken = false;
                    passOn(endpoint, Optional.empty());
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private Group group(Endpoint endpoint) {
        return groups.computeIfAbsent(endpoint, absent -> new Group());
    }

    /** Has a slot that was given back taken by whoever waits, or frees it. */
    private void passOn(Endpoint endpoint, Optional<Connection> connection) {
        Group group = group(endpoint);
        Slot next = group.waiting.pollFirst();
        if (next != null) {
            next.taken = true;
            next.passedOn = connection;
            next.changed.signal();
            return;
        }
        group.taken--;
        connection.ifPresent(group.idle::addFirst);
        if (group.taken == 0 && group.idle.isEmpty()) {
            groups.remove(endpoint);
        }
    }

    /** Closes the idle connections that are too old. Until they are closed, they have slots. */
    private void closeExpired() {
        List<Connection> expired = new ArrayList<>();
        lock.lock();
        try {
            long now = clock.nanoTime();
            groups.values()
                    .forEach(group -> group.idle.removeIf(connection -> {
                        boolean old =
                                now - connection.idleSince() > maxIdleNanos || now - connection.madeAt() > maxAgeNanos;
                        if (old) {
                            group.taken++;
                            expired.add(connection);
                        }
                        return old;
                    }));
        } finally {
            lock.unlock();
        }
        for (Connection connection : expired) {
            connection.close();
            lock.lock();
            try {
                passOn(connection.endpoint(), Optional.empty());
            } finally {
                lock.unlock();
            }
        }
    }

    /** Closes the idle connections, and from now on every one that is given back. Idempotent. */
    void close() {
        List<Connection> all = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            groups.values().forEach(group -> {
                all.addAll(group.idle);
                group.idle.clear();
            });
        } finally {
            lock.unlock();
        }
        all.forEach(Connection::close);
    }
}
