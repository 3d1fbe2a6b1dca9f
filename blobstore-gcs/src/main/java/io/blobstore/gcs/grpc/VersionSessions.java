package io.blobstore.gcs.grpc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The sessions of one version of an object, and the choice among them: those that no read uses first, then a further
 * one as long as there are connections without one, then all in turn. Guarded by the pool's lock.
 */
final class VersionSessions {
    private final List<Connection> connections;
    private final List<PooledSession> sessions = new ArrayList<>();
    private int creating;
    private int next;

    VersionSessions(List<Connection> connections) {
        this.connections = connections;
    }

    /** Returns whether there is neither a session nor one that is being created. */
    boolean isEmpty() {
        return sessions.isEmpty() && creating == 0;
    }

    /** Returns whether there is no session, though one may be in creation. */
    boolean hasNone() {
        return sessions.isEmpty();
    }

    boolean contains(PooledSession session) {
        return sessions.contains(session);
    }

    /** Returns a session that no read uses. */
    Optional<PooledSession> free() {
        return sessions.stream().filter(session -> session.users == 0).findFirst();
    }

    /** Returns whether there may be one session more. */
    boolean hasRoom() {
        return sessions.size() + creating < connections.size();
    }

    /** Reserves the place of a session that is being created, and returns the connection for it. */
    Connection reserve() {
        Connection chosen = leastUsed(connections, sessions);
        creating++;
        return chosen;
    }

    /** Gives a reserved place back. */
    void release() {
        creating--;
    }

    /** Adds a session, unless there is no room for it. */
    void add(PooledSession session) {
        if (hasRoom()) {
            sessions.add(session);
        }
    }

    void remove(PooledSession session) {
        sessions.remove(session);
    }

    /** Returns the sessions that have ended, as the server may end idle ones. */
    List<PooledSession> unusable() {
        return sessions.stream().filter(pooled -> !pooled.session.isUsable()).toList();
    }

    /**
     * Returns the session that the next read shares with others; there must be one. A small range avoids the
     * connections that carry large ones, if possible.
     */
    PooledSession shared(long length) {
        int size = sessions.size();
        for (int i = 0; i < size; i++) {
            int index = (next + i) % size;
            PooledSession candidate = sessions.get(index);
            if (length > Connection.LARGE || !candidate.connection().carriesLarge()) {
                next = index + 1;
                return candidate;
            }
        }
        return sessions.get(next++ % size);
    }

    /** Returns the connection with the fewest of some sessions, and of those the least busy. */
    static Connection leastUsed(List<Connection> connections, List<PooledSession> sessions) {
        return connections.stream()
                .min(Comparator.<Connection>comparingLong(connection -> sessions.stream()
                                .filter(pooled -> pooled.connection() == connection)
                                .count())
                        .thenComparing(Connection::carriesLarge)
                        .thenComparingInt(Connection::ranges))
                .orElseThrow();
    }
}
