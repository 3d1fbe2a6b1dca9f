package io.blobstore.http;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Idle connections by endpoint, the last used one first: that way those not needed grow old, and are closed when the pool is
 * next used. No thread of its own. Thread-safe.
 */
final class ConnectionPool {
    /** More than a client's usual concurrency, and few enough for a limit of 1024 descriptors at three each. */
    private static final int MOST_IDLE = 64;

    private final long maxIdleNanos;
    private final long maxAgeNanos;
    private final LongSupplier nanoTime;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<Endpoint, Deque<Connection>> idle = new HashMap<>();
    private boolean closed;

    /**
     * Makes a pool.
     *
     * @param maxIdle for how long a connection may be idle
     * @param maxAge for how long it is used at all, so that changes of a name's addresses are followed
     */
    ConnectionPool(Duration maxIdle, Duration maxAge, LongSupplier nanoTime) {
        maxIdleNanos = TimeUnit.NANOSECONDS.convert(maxIdle);
        maxAgeNanos = TimeUnit.NANOSECONDS.convert(maxAge);
        this.nanoTime = nanoTime;
    }

    /** Takes an idle connection out, if there is one that is not too old. It may be stale. */
    Optional<Connection> take(Endpoint endpoint) {
        List<Connection> expired = new ArrayList<>();
        lock.lock();
        try {
            removeExpired(expired);
            Deque<Connection> connections = idle.get(endpoint);
            return connections == null ? Optional.empty() : Optional.ofNullable(connections.pollFirst());
        } finally {
            lock.unlock();
            expired.forEach(Connection::close);
        }
    }

    /** Puts a connection back that can be used again, or closes it. */
    void put(Connection connection) {
        List<Connection> expired = new ArrayList<>();
        lock.lock();
        try {
            removeExpired(expired);
            connection.becomesIdle(nanoTime.getAsLong());
            Deque<Connection> connections = idle.computeIfAbsent(connection.endpoint(), e -> new ArrayDeque<>());
            if (closed || connections.size() == MOST_IDLE) {
                expired.add(connection);
            } else {
                connections.addFirst(connection);
            }
        } finally {
            lock.unlock();
            expired.forEach(Connection::close);
        }
    }

    private void removeExpired(List<Connection> expired) {
        long now = nanoTime.getAsLong();
        idle.values()
                .forEach(connections -> connections.removeIf(connection -> {
                    boolean old =
                            now - connection.idleSince() > maxIdleNanos || now - connection.madeAt() > maxAgeNanos;
                    if (old) {
                        expired.add(connection);
                    }
                    return old;
                }));
        idle.values().removeIf(Deque::isEmpty);
    }

    /** Closes the idle connections, and from now on every one that is put back. Idempotent. */
    void close() {
        List<Connection> all = new ArrayList<>();
        lock.lock();
        try {
            closed = true;
            idle.values().forEach(all::addAll);
            idle.clear();
        } finally {
            lock.unlock();
        }
        all.forEach(Connection::close);
    }
}
