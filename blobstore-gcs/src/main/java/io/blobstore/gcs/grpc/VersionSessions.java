package io.blobstore.gcs.grpc;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The sessions of one version of an object, and the choice among them: those that no read uses first, then a further
 * one as long as there are connections without one, then those whose connections are least busy. Guarded by the pool's
 * lock.
 */
final class VersionSessions {
    private final List<Connection> connections;
    private final List<PooledSession> sessions = new ArrayList<>();
    /** The connections of the sessions that are being created. */
    private final List<Connection> creating = new ArrayList<>();

    VersionSessions(List<Connection> connections) {
        this.connections = connections;
    }

    /** Returns whether there is neither a session nor one that is being created. */
    boolean isEmpty() {
        return sessions.isEmpty() && creating.isEmpty();
    }

    /**
     * Returns whether a read waits for a session that is being created: if there is no other, and a large one also if
     * it would queue behind another large one.
     */
    boolean shouldWait(long length) {
        return sessions.isEmpty()
                || (!creating.isEmpty()
                        && length > Connection.LARGE
                        && shared(length).connection().carriesLarge());
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
        return sessions.size() + creating.size() < connections.size();
    }

    /** Reserves the place of a session that is being created, and returns the connection for it. */
    Connection reserve() {
        List<Connection> used = new ArrayList<>(creating);
        sessions.forEach(pooled -> used.add(pooled.connection()));
        Connection chosen = leastUsed(connections, used);
        creating.add(chosen);
        return chosen;
    }

    /** Gives the place back that was reserved on a connection. */
    void release(Connection reserved) {
        creating.remove(reserved);
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
     * Returns the session that the next read shares with others; there must be one. Its connection is the least busy
     * one; for a small range, of those that carry no large ones, if there are any.
     */
    PooledSession shared(long length) {
        return sessions.stream()
                .min(Comparator.<PooledSession, Boolean>comparing(pooled -> length <= Connection.LARGE
                                && pooled.connection().carriesLarge())
                        .thenComparingInt(pooled -> pooled.connection().ranges()))
                .orElseThrow();
    }

    /** Returns the connection that occurs least among some, and of those the least busy one. */
    static Connection leastUsed(List<Connection> connections, List<Connection> used) {
        return connections.stream()
                .min(Comparator.<Connection>comparingInt(connection -> Collections.frequency(used, connection))
                        .thenComparing(Connection::carriesLarge)
                        .thenComparingInt(Connection::ranges))
                .orElseThrow();
    }
}
