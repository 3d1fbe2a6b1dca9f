package io.blobstore.cas;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import java.io.Closeable;
import java.io.IOException;

/** Content of a {@link ContentCache} under a lease: it stays readable until it is closed. Thread-safe. */
public final class CachedContent implements Closeable {
    CachedContent() {}

    /** Returns the digest. */
    public Digest digest() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads content, or a range of it.
     *
     * @return the number of bytes that were put into the target
     * @throws io.blobstore.IntegrityException if it is damaged; it is removed from the cache then
     */
    public long read(ByteRange range, BlobTarget.Window target) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Releases the lease. Idempotent. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
