package io.blobstore.http;

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
    /** More than the usual concurrency of a client; at three descriptors each, they fit a limit of 1024. */
    private static final int MAX_IDLE = 64;

    private final int maxConnections;
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
     * @param maxConnections the maximum number of connections to an endpoint, including those that are idle, being
     *     established or being closed
     * @param maxIdle how long a connection may be idle
     * @param maxAge the age at which a connection is closed even if it is used, so that changes of DNS are followed
     */
    ConnectionPool(int maxConnections, Duration maxIdle, Duration maxAge, TransportClock clock) {
        this.maxConnections = maxConnections;
        maxIdleNanos = TimeUnit.NANOSECONDS.convert(maxIdle);
        maxAgeNanos = TimeUnit.NANOSECONDS.convert(maxAge);
        this.clock = clock;
    }

    /** Creates a slot, which is not taken yet. */
    Slot slot(Endpoint endpoint) {
        return new Slot(endpoint);
    }

    /**
     * The right to hold a connection to an endpoint. Used by the thread of one call; other threads may only
     * {@link #cancel} its wait.
     */
    final class Slot {
        private final Endpoint endpoint;
        private final Condition changed = lock.newCondition();
        // Guarded by lock:
        private boolean taken;
        private boolean cancelled;
        private Optional<Connection> handedOver = Optional.empty();

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
                if (!group.idle.isEmpty() || group.taken < maxConnections) {
                    group.taken++;
                    taken = true;
                    return Optional.ofNullable(group.idle.pollFirst());
                }
                group.waiting.addLast(this);
                awaitTurn(group);
                return handedOver;
            } finally {
                lock.unlock();
            }
        }

        private void awaitTurn(Group group) throws TransportException, ClosedByInterruptException {
            while (!taken) {
                if (cancelled) {
                    group.waiting.remove(this);
                    throw TransportException.cancelled();
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

        /** Ends a wait in {@link #take}, now or later. May be called by any thread, at any time. */
        void cancel() {
            lock.lock();
            try {
                cancelled = true;
                changed.signal();
            } finally {
                lock.unlock();
            }
        }

        /** Returns another idle connection, in place of one that was closed; empty if no connection is idle. */
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
                boolean wanted = !group.waiting.isEmpty() || group.idle.size() < MAX_IDLE;
                if (!closed && wanted && now - reusable.establishedAt() <= maxAgeNanos) {
                    reusable.markIdle(now);
                    taken = false;
                    handOver(endpoint, Optional.of(reusable));
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
                    handOver(endpoint, Optional.empty());
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private Group group(Endpoint endpoint) {
        return groups.computeIfAbsent(endpoint, absent -> new Group());
    }

    /** Hands a slot that was given back to the first waiting call, or frees it. Called with the lock held. */
    private void handOver(Endpoint endpoint, Optional<Connection> connection) {
        Group group = group(endpoint);
        Slot next = group.waiting.pollFirst();
        if (next != null) {
            next.taken = true;
            next.handedOver = connection;
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
                        boolean old = now - connection.idleSince() > maxIdleNanos
                                || now - connection.establishedAt() > maxAgeNanos;
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
                handOver(connection.endpoint(), Optional.empty());
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
