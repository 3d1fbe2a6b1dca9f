package io.blobstore.gcs.grpc;

/** A session of a {@link SessionPool} with the number of reads that use it. Guarded by the pool's lock. */
final class PooledSession {
    final ObjectVersion version;
    final ReadSession session;
    int users = 1;

    /** When the last user left, by {@link System#nanoTime}. */
    long idleSince;

    PooledSession(ObjectVersion version, ReadSession session) {
        this.version = version;
        this.session = session;
    }

    Connection connection() {
        return session.connection();
    }
}
