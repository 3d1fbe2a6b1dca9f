package io.blobstore.cas;

import java.io.Closeable;

/**
 * A record of a {@link ContentCache} under a lease: it is not evicted, and stays readable though it is replaced or
 * removed, until this is closed. Holds one file descriptor. Thread-safe.
 */
public final class CachedRecord implements Closeable {
    private final LeasedEntry lease;
    private final StoredContent stored;

    CachedRecord(LeasedEntry lease) {
        this.lease = lease;
        this.stored = new StoredContent(lease);
    }

    /** Returns the size in bytes. */
    public long size() {
        return stored.size();
    }

    /** Returns the content, which is stored as it is, and not verified. */
    public StoredContent stored() {
        return stored;
    }

    /** Releases the lease; reads that run may end before. Idempotent. */
    @Override
    public void close() {
        lease.close();
    }
}
