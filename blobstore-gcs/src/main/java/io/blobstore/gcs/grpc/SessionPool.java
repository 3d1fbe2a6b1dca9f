package io.blobstore.gcs.grpc;

import io.blobstore.BlobTarget;
import io.grpc.Status;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
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
 * <tr><td>creating</td><td>a read that finds no free session, and a slot</td><td>others wait only if there is no session
 * at all; the slot is free again if it fails</td></tr>
 * <tr><td>in use</td><td>its creation, or a read that takes it</td><td>free sessions are taken first; beyond the last
 * slot they are shared in turn, small ranges not behind large ones if possible</td></tr>
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
    private final int maxIdle;
    private final long maxIdleNanos;

    private final ReentrantLock lock = new ReentrantLock();
    /** Signalled when a session was created or its creation failed, and when the last user leaves. */
    private final Condition changed = lock.newCondition();

    private final Condition idleChanged = lock.newCondition();
    // Guarded by lock:
    private final Map<Version, Sessions> versions = new HashMap<>();
    /** The idle sessions; the one that has been idle longest is first. */
    private final Set<Pooled> idle = new LinkedHashSet<>();
    /** All sessions that have users or are idle. */
    private final Set<Pooled> live = new HashSet<>();
    /** The openings of current versions that have not begun, by object. */
    private final Map<String, Opening> waiting = new HashMap<>();
    /** The objects whose current version is being opened. */
    private final Set<String> opening = new HashSet<>();

    private int users;
    private boolean closed;
    private @Nullable Thread reaper;

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

    private record Version(String object, long generation) {}

    /** The sessions of one version. Guarded by the pool's lock. */
    private static final class Sessions {
        final List<Pooled> sessions = new ArrayList<>();
        int creating;
        int next;
    }

    /** Guarded by the pool's lock, except for the session. */
    private static final class Pooled {
        final Version version;
        final ReadSession session;
        int users = 1;
        long idleSince;

        Pooled(Version version, ReadSession session) {
            this.version = version;
            this.session = session;
        }
    }

    /** One opening for all reads that came before it began. Guarded by the pool's lock. */
    private static final class Opening {
        boolean done;

        @Nullable Version version;
        /** Why there is no version; after an interrupt of the thread that opened it, others may try again. */
        SessionEnd failure = SessionEnd.of(Status.CANCELLED);

        Version versionOrThrow() throws SessionEndedException {
            if (version == null) {
                throw new SessionEndedException(failure);
            }
            return version;
        }
    }

    /** Creates a pool over connections, which it closes. */
    SessionPool(Opener opener, List<Connection> connections) {
        this(opener, connections, MAX_IDLE, MAX_IDLE_TIME);
    }

    SessionPool(Opener opener, List<Connection> connections, int maxIdle, Duration maxIdleTime) {
        this.opener = opener;
        this.connections = List.copyOf(connections);
        this.maxIdle = maxIdle;
        this.maxIdleNanos = maxIdleTime.toNanos();
    }

    /** The use of a session by one read. Must be closed. Not thread-safe. */
    final class Lease implements Closeable {
        private final Pooled pooled;
        private final long length;
        private boolean released;

        private Lease(Pooled pooled, long length) {
            this.pooled = pooled;
            this.length = length;
            pooled.session.connection().begin(length);
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
                pooled.session.connection().end(length);
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
                : acquire(new Version(object, generation), length, redirect);
    }

    private Lease acquire(Version version, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        Connection connection;
        lock.lock();
        try {
            while (true) {
                requireOpen();
                removeUnusable(version);
                Sessions found = sessions(version);
                Optional<Pooled> free = found.sessions.stream()
                        .filter(pooled -> pooled.users == 0)
                        .findFirst();
                if (free.isPresent()) {
                    return take(free.get(), length);
                }
                if (found.sessions.size() + found.creating < connections.size()) {
                    connection = leastUsed(found);
                    found.creating++;
                    users++;
                    break;
                }
                if (!found.sessions.isEmpty()) {
                    return take(shared(found, length), length);
                }
                changed.await();
            }
        } finally {
            lock.unlock();
        }
        return create(connection, version.object, version.generation, length, redirect);
    }

    /** Opens a session for the current version, or waits for one that another read opens. */
    private Lease acquireCurrent(String object, long length, Optional<SessionEnd.Redirect> redirect)
            throws SessionEndedException, InterruptedException {
        @Nullable Connection connection = null;
        Opening own;
        lock.lock();
        try {
            requireOpen();
            Opening joined = waiting.get(object);
            if (joined != null) {
                while (!joined.done) {
                    changed.await();
                }
                own = joined;
            } else {
                own = new Opening();
                waiting.put(object, own);
                connection = awaitTurn(object, own);
            }
        } finally {
            lock.unlock();
        }
        if (connection == null) {
            return acquire(own.versionOrThrow(), length, redirect);
        }
        Lease lease = null;
        try {
            lease = create(connection, object, 0, length, redirect);
            return lease;
        } catch (SessionEndedException e) {
            own.failure = e.end(); // visible to the others with the lock that follows
            throw e;
        } finally {
            opened(object, own, lease);
        }
    }

    /**
     * Waits until no other read opens a session for the current version of an object, then begins to. Requires the
     * lock.
     */
    private Connection awaitTurn(String object, Opening own) throws InterruptedException {
        boolean begun = false;
        try {
            while (opening.contains(object)) {
                changed.await();
            }
            requireOpen();
            opening.add(object);
            users++;
            begun = true;
            return leastUsed(new Sessions());
        } finally {
            waiting.remove(object, own);
            if (!begun) {
                own.done = true;
                changed.signalAll();
            }
        }
    }

    private void opened(String object, Opening own, @Nullable Lease lease) {
        lock.lock();
        try {
            opening.remove(object);
            own.version = lease == null ? null : lease.pooled.version;
            own.done = true;
            changed.signalAll();
        } finally {
            lock.unlock();
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
                failed(object, generation);
            }
        }
        return new Lease(add(object, generation, session), length);
    }

    /** Gives the slot of a creation back. */
    private void failed(String object, long generation) {
        lock.lock();
        try {
            users--;
            if (generation != 0) {
                Version version = new Version(object, generation);
                sessions(version).creating--;
                forget(version);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Adds a session that has one user. If there is no slot for it, it is discarded with its last user. */
    private Pooled add(String object, long generation, ReadSession session) {
        lock.lock();
        try {
            Version version = new Version(object, session.resource().getGeneration());
            if (generation != 0) {
                sessions(new Version(object, generation)).creating--;
            }
            Pooled pooled = new Pooled(version, session);
            live.add(pooled);
            Sessions found = sessions(version);
            if (found.sessions.size() + found.creating < connections.size()) {
                found.sessions.add(pooled);
            }
            if (closed) {
                session.cancel("the store was closed");
            }
            changed.signalAll();
            return pooled;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the sessions of a version. Requires the lock. */
    private Sessions sessions(Version version) {
        return versions.computeIfAbsent(version, key -> new Sessions());
    }

    /** Forgets a version without sessions. Requires the lock. */
    private void forget(Version version) {
        Sessions found = versions.get(version);
        if (found != null && found.sessions.isEmpty() && found.creating == 0) {
            versions.remove(version);
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
    }

    // ---- choosing

    /** Returns the session that the next read shares. Requires the lock. */
    private static Pooled shared(Sessions found, long length) {
        int size = found.sessions.size();
        for (int i = 0; i < size; i++) {
            int index = (found.next + i) % size;
            Pooled candidate = found.sessions.get(index);
            if (length > Connection.LARGE || !candidate.session.connection().carriesLarge()) {
                found.next = index + 1;
                return candidate;
            }
        }
        return found.sessions.get(found.next++ % size);
    }

    /** Returns the connection with the fewest sessions of a version, and of those the least busy. Requires the lock. */
    private Connection leastUsed(Sessions found) {
        return connections.stream()
                .min(Comparator.<Connection>comparingLong(connection -> found.sessions.stream()
                                .filter(pooled -> pooled.session.connection() == connection)
                                .count())
                        .thenComparing(Connection::carriesLarge)
                        .thenComparingInt(Connection::ranges))
                .orElseThrow();
    }

    /** Adds a user to a session. Requires the lock. */
    private Lease take(Pooled pooled, long length) {
        pooled.users++;
        users++;
        idle.remove(pooled);
        return new Lease(pooled, length);
    }

    // ---- returning a session

    private void release(Pooled pooled) {
        lock.lock();
        try {
            users--;
            pooled.users--;
            Sessions found = versions.get(pooled.version);
            boolean kept = found != null && found.sessions.contains(pooled);
            if (!kept || closed || !pooled.session.isUsable()) {
                remove(pooled);
            } else if (pooled.users == 0) {
                pooled.idleSince = System.nanoTime();
                idle.add(pooled);
                if (idle.size() > maxIdle) {
                    remove(idle.iterator().next());
                }
                startReaper();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a session, which ends with its last range. Requires the lock. */
    private void remove(Pooled pooled) {
        pooled.session.discard();
        idle.remove(pooled);
        Sessions found = versions.get(pooled.version);
        if (found != null) {
            found.sessions.remove(pooled);
            forget(pooled.version);
        }
        if (pooled.users == 0) {
            live.remove(pooled);
        }
    }

    /** Removes the sessions of a version that have ended, as the server may end idle ones. Requires the lock. */
    private void removeUnusable(Version version) {
        Sessions found = versions.get(version);
        if (found != null) {
            List.copyOf(found.sessions).stream()
                    .filter(pooled -> !pooled.session.isUsable())
                    .forEach(this::remove);
        }
    }

    /** Starts the thread that removes idle sessions, unless it runs. Requires the lock. */
    private void startReaper() {
        if (reaper == null) {
            reaper = new Thread(this::reap, "blobstore-gcs-sessions");
            reaper.setDaemon(true);
            reaper.start();
        }
    }

    private void reap() {
        lock.lock();
        try {
            while (!idle.isEmpty() && !closed) {
                Pooled oldest = idle.iterator().next();
                long left = maxIdleNanos - (System.nanoTime() - oldest.idleSince);
                if (left > 0) {
                    idleChanged.awaitNanos(left);
                } else {
                    remove(oldest);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody interrupts it; the next idle session starts another thread
        } finally {
            reaper = null;
            idleChanged.signalAll();
            lock.unlock();
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
                idle.clear();
                versions.clear();
                changed.signalAll();
                idleChanged.signalAll();
            }
            while (users > 0) {
                changed.awaitUninterruptibly();
            }
            while (reaper != null) {
                idleChanged.awaitUninterruptibly();
            }
            live.clear();
        } finally {
            lock.unlock();
        }
        connections.forEach(Connection::awaitTermination);
    }
}
