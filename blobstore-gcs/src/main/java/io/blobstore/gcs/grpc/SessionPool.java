package io.blobstore.gcs.grpc;

import io.blobstore.BlobTarget;
import java.io.Closeable;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a store, for each version of an object up to one per connection, shared by all reads.
 *
 * <table>
 * <caption>The states of a session</caption>
 * <tr><th>state</th><th>entered by</th><th>what can be done with it</th></tr>
 * <tr><td>creating</td><td>a read that finds no free session, and a slot, on a connection without one</td><td>others
 * wait if there is no session at all, or if both they and those in use are large; the slot is free again if it
 * fails</td></tr>
 * <tr><td>in use</td><td>its creation, or a read that takes it</td><td>free sessions are taken first; beyond the last
 * slot they are shared, those of the least busy connections first, small ranges not behind large ones if
 * possible</td></tr>
 * <tr><td>idle</td><td>the last read returns it, unharmed</td><td>taken by the next read, or discarded: the one that was
 * idle longest if there are too many, and each after a time</td></tr>
 * <tr><td>discarded</td><td>a read fails or is cancelled, the stream ends, or it was idle</td><td>not found any more; it
 * ends with its last range</td></tr>
 * </table>
 *
 * <p>A read without a version must see the current one, so it opens a session; that also serves the reads that came
 * while an earlier one was being opened, as their versions are not older.
 *
 * <p>The lock is held for a few instructions, never while a session is created. Thread-safe.
 */
final class SessionPool implements Closeable {
    /** The number of idle sessions of a store, each a stream at the server. */
    static final int MAX_IDLE = 64;

    static final Duration MAX_IDLE_TIME = Duration.ofSeconds(60);

    private final Opener opener;
    private final List<Connection> connections;

    private final ReentrantLock lock = new ReentrantLock();
    /** Signalled when a session was created or its creation failed, and when the last user leaves. */
    private final Condition changed = lock.newCondition();

    // Guarded by lock:
    private final Map<ObjectVersion, VersionSessions> versions = new HashMap<>();
    private final CurrentOpenings openings = new CurrentOpenings(changed);
    private final IdleSessions idle;
    /** All sessions that have users or are idle. */
    private final Set<PooledSession> live = new HashSet<>();

    private int users;
    private boolean closed;

    /** Opens sessions. */
    @FunctionalInterface
    interface Opener {
        /**
         * Opens a session.
         *
         * @param generation the generation; 0 for the current one
         */
        ReadSession open(Connection connection, String object, long generation, Optional<SessionEnd.Redirect> redirect)
                throws SessionEndedException, InterruptedException;
    }

    /** Creates a pool over connections, which it closes. */
    SessionPool(Opener opener, List<Connection> connections) {
        this(opener, connections, MAX_IDLE, MAX_IDLE_TIME);
    }

    SessionPool(Opener opener, List<Connection> connections, int maxIdle, Duration maxIdleTime) {
        this.opener = opener;
        this.connections = List.copyOf(connections);
        this.idle = new IdleSessions(lock, maxIdle, maxIdleTime, this::remove);
    }

    /** The use of a session by one read. Must be closed. Not thread-safe. */
    final class Lease implements Closeable {
        private final PooledSession pooled;
        private final long length;
        private boolean released;

        private Lease(PooledSession pooled, long length) {
            this.pooled = pooled;
            this.length = length;
            pooled.connection().begin(length);
        }

        ReadSession session() {
            return pooled.session;
        }

        /** Requests a range; see {@link ReadSession#request}. */
        RangeRead request(long offset, long bytes, BlobTarget.Window window) throws SessionEndedException {
            return pooled.session.request(offset, bytes, window);
        }

        /** Returns the session to the pool. Idempotent. */
        @Override
        public void close() {
            if (!released) {
                released = true;
                pooled.connection().end(length);
                release(pooled);
            }
        }
    }

    // ---- taking a session

    /**
     * Takes a session, and waits for one to be opened if necessary.
     *
     * @param generation the generation; 0 for the current one
     * @param length the number of bytes to be read, for choosing the connection
     * @throws SessionEndedException if none could be opened
     * @throws IllegalStateException if the pool is closed
     * @throws InterruptedException if the thread is interrupted
     */
    Lease acquire(String object, long generation, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        return generation == 0
                ? acquireCurrent(object, length, redirect)
                : acquire(new ObjectVersion(object, generation), length, redirect);
    }

    private Lease acquire(ObjectVersion version, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        Connection connection;
        lock.lock();
        try {
            while (true) {
                requireOpen();
                removeUnusable(version);
                VersionSessions found = sessions(version);
                Optional<PooledSession> free = found.free();
                if (free.isPresent()) {
                    return take(free.get(), length);
                }
                if (found.hasRoom()) {
                    connection = found.reserve();
                    users++;
                    break;
                }
                if (!found.shouldWait(length)) {
                    return take(found.shared(length), length);
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
        return create(connection, version.object(), version.generation(), length, redirect);
    }

    /** Opens a session for the current version, or waits for one that another read opens. */
    private Lease acquireCurrent(String object, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        CurrentOpenings.Opening own;
        Optional<CurrentOpenings.Opening> joined;
        lock.lock();
        try {
            requireOpen();
            joined = openings.join(object);
            own = joined.isPresent() ? joined.get() : beginOpening(object);
        } finally {
            lock.unlock();
        }
        return joined.isPresent()
                ? acquire(own.versionOrThrow(), length, redirect)
                : open(object, own, length, redirect);
    }

    /** Begins to open the current version of an object, with one user. Requires the lock. */
    private CurrentOpenings.Opening beginOpening(String object) throws InterruptedException {
        CurrentOpenings.Opening own = openings.begin(object);
        if (closed) {
            openings.fail(object, own, null);
        }
        requireOpen();
        users++;
        return own;
    }

    private Lease open(String object, CurrentOpenings.Opening own, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        @Nullable Lease lease = null;
        @Nullable SessionEnd failure = null;
        try {
            lease = create(VersionSessions.leastUsed(connections, List.of()), object, 0, length, redirect);
            return lease;
        } catch (SessionEndedException e) {
            failure = e.end();
            throw e;
        } finally {
            lock.lock();
            try {
                if (lease == null) {
                    openings.fail(object, own, failure);
                } else {
                    openings.succeed(object, own, lease.pooled.version);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** Creates a session, for which a user is counted already. */
    private Lease create(
            Connection connection, String object, long generation, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        ReadSession session = null;
        try {
            session = opener.open(connection, object, generation, redirect);
        } finally {
            if (session == null) {
                failed(object, generation, connection);
            }
        }
        return add(object, generation, session, length);
    }

    /** Gives the slot of a creation back. */
    private void failed(String object, long generation, Connection connection) {
        lock.lock();
        try {
            users--;
            if (generation != 0) {
                ObjectVersion version = new ObjectVersion(object, generation);
                sessions(version).release(connection);
                forget(version);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Adds a session that has one user. If there is no slot for it, it is discarded with its last user. */
    private Lease add(String object, long generation, ReadSession session, long length) {
        lock.lock();
        try {
            ObjectVersion version = new ObjectVersion(object, session.resource().getGeneration());
            if (generation != 0) {
                sessions(new ObjectVersion(object, generation)).release(session.connection());
            }
            PooledSession pooled = new PooledSession(version, session);
            live.add(pooled);
            sessions(version).add(pooled);
            if (closed) {
                session.cancel("the store was closed");
            }
            changed.signalAll();
            return new Lease(pooled, length);
        } finally {
            lock.unlock();
        }
    }

    /** Adds a user to a session. Requires the lock. */
    private Lease take(PooledSession pooled, long length) {
        pooled.users++;
        users++;
        idle.remove(pooled);
        return new Lease(pooled, length);
    }

    /** Returns the sessions of a version. Requires the lock. */
    private VersionSessions sessions(ObjectVersion version) {
        return versions.computeIfAbsent(version, key -> new VersionSessions(connections));
    }

    /** Forgets a version without sessions. Requires the lock. */
    private void forget(ObjectVersion version) {
        VersionSessions found = versions.get(version);
        if (found != null && found.isEmpty()) {
            versions.remove(version);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
    }

    // ---- returning a session

    private void release(PooledSession pooled) {
        lock.lock();
        try {
            users--;
            pooled.users--;
            VersionSessions found = versions.get(pooled.version);
            boolean kept = found != null && found.contains(pooled);
            if (!kept || closed || !pooled.session.isUsable()) {
                remove(pooled);
            } else if (pooled.users == 0) {
                idle.add(pooled);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a session, which ends with its last range. Requires the lock. */
    private void remove(PooledSession pooled) {
        pooled.session.discard();
        idle.remove(pooled);
        VersionSessions found = versions.get(pooled.version);
        if (found != null) {
            found.remove(pooled);
            forget(pooled.version);
        }
        if (pooled.users == 0) {
            live.remove(pooled);
        }
    }

    /** Removes the sessions of a version that have ended. Requires the lock. */
    private void removeUnusable(ObjectVersion version) {
        VersionSessions found = versions.get(version);
        if (found != null) {
            found.unusable().forEach(this::remove);
        }
    }

    // ---- the end

    /** Returns the number of sessions that are open. */
    int size() {
        lock.lock();
        try {
            return live.size();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all sessions, and waits until no read uses one, and the connections are closed. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                live.forEach(pooled -> pooled.session.cancel("the store was closed"));
                connections.forEach(Connection::shutdownNow); // ends those that are being opened
                versions.clear();
                idle.close();
                changed.signalAll();
            }
            while (users > 0) {
                changed.awaitUninterruptibly();
            }
            idle.awaitEnd();
            live.clear();
        } finally {
            lock.unlock();
        }
        connections.forEach(Connection::awaitTermination);
    }
}
