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
 * Bounds the connections to each endpoint, hands them out in order of arrival, and keeps idle ones. The most recently
 * used idle connection is reused first, so that surplus ones expire; they are closed when the pool is next used. Has no
 * thread of its own. Thread-safe.
 *
 * <p>Each call has a {@link Slot}, and with it one connection at a time. As no call with a slot waits for another slot,
 * there is no deadlock.
 */
final class ConnectionPool {
    /** More than the usual concurrency of a client; three descriptors each fit a limit of 1024. */
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
     * The connections to an endpoint: one for each slot that is taken, and the idle ones. Calls wait only if none is
     * idle.
     */
    private static final class Group {
        private final Deque<Connection> idle = new ArrayDeque<>();
        private final Deque<Slot> waiting = new ArrayDeque<>();
        private int taken;
    }

    /**
     * Creates a pool.
     *
     * @param most the maximum number of connections to an endpoint, including those that are idle, being established or
     *     being closed
     * @param maxIdle how long a connection may be idle
     * @param maxAge how long a connection is used at all, so that changes of a name's addresses are followed
     */
    ConnectionPool(int most, Duration maxIdle, Duration maxAge, TransportClock clock) {
        this.most = most;
        maxIdleNanos = TimeUnit.NANOSECONDS.convert(maxIdle);
        maxAgeNanos = TimeUnit.NANOSECONDS.convert(maxAge);
        this.clock = clock;
    }

    /** Returns a slot that is not taken yet. */
    Slot slot(Endpoint endpoint) {
        return new Slot(endpoint);
    }

    /**
     * The right to have a connection to an endpoint. Used by the thread of one call; other threads may only
     * {@link #cancel} its wait.
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
         * Takes the slot, which the caller has to give back. Blocks while all slots are taken, in order of arrival and
         * without a time limit.
         *
         * @return an idle connection, which may be stale; empty if the caller has to establish one
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
                    if (!taken) { // otherwise its next operation fails, and the slot is given back
                        group.waiting.remove(this);
                        throw new ClosedByInterruptException();
                    }
                }
            }
        }

        /** Ends the wait, if there is one. May be called by any thread, at any time. */
        void cancel() {
            lock.lock();
            try {
                cancelled = true;
                changed.signal();
            } finally {
                lock.unlock();
            }
        }

        /** Returns another idle connection, if there is one, in place of one that is closed. */
        Optional<Connection> another() {
            lock.lock();
            try {
                return Optional.ofNullable(group(endpoint).idle.pollFirst());
            } finally {
                lock.unlock();
            }
        }

        /**
         * Gives the slot back together with a reusable connection; or closes the connection, and leaves the slot taken.
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

        /** Gives the slot back, if it is taken, after its connection was closed. */
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

    /** Passes a slot that was given back to the first waiting call, or frees it. */
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

    /** Closes expired idle connections, which occupy slots until then. */
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

    /** Closes the idle connections, and every connection that is given back later. Idempotent. */
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
