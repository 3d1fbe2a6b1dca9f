package io.blobstore.cas;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.cas.CacheContext.OpenEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Content of a {@link ContentCache} under a lease: it is not evicted, and stays readable though it is removed, until
 * this is closed. Holds one file descriptor, and up to 64 KiB of direct memory. Thread-safe.
 */
public final class CachedContent implements Closeable {
    private final Digest digest;
    private final LeasedEntry lease;

    CachedContent(CacheContext context, Digest digest, @Nullable OpenEntry open) {
        this.digest = digest;
        this.lease = new LeasedEntry(context, open);
    }

    /** Returns the digest. */
    public Digest digest() {
        return digest;
    }

    /**
     * Reads content, or a range of it. The target is neither flushed nor closed.
     *
     * @param target receives the bytes; after a failure, what was put is undefined
     * @return the number of bytes that were put into the target
     * @throws IntegrityException if it is damaged; it is removed from the cache then
     * @throws IndexOutOfBoundsException if the range is not inside the content
     * @throws IllegalArgumentException if the target has no room for all of a range that is not {@link ByteRange#atMost
     *     at most}
     * @throws java.nio.channels.ClosedByInterruptException if the thread is interrupted; the interrupt stays set
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public long read(ByteRange range, BlobTarget.Window target) throws IOException {
        return lease.use(reader -> {
            ByteRange exact = ContentReads.resolve(range, digest.size(), target.remaining());
            if (reader != null) {
                reader.read(exact.offset(), exact.offset() + exact.length(), target);
            }
            return exact.length();
        });
    }

    /**
     * Reads all of the content and compares it with its digest, unless its format has checksums that every read
     * compares. Reads verify content without checksums only once.
     *
     * @throws IntegrityException if it is damaged; it is removed from the cache then
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public void verify() throws IOException {
        lease.use(reader -> {
            if (reader != null) {
                reader.verifyAgain();
            }
            return 0;
        });
    }

    /**
     * Reads into a buffer from its position on, which advances. See {@link #read(ByteRange, BlobTarget.Window)}; after
     * a failure the position is unchanged.
     */
    public long read(ByteRange range, ByteBuffer target) throws IOException {
        int position = target.position();
        boolean complete = false;
        try {
            long length = read(range, BlobTarget.Window.of(target));
            complete = true;
            return length;
        } finally {
            if (!complete) {
                target.position(position);
            }
        }
    }

    /**
     * Returns the form in which the content is stored, for those who can decode it or send it as it is. Verifies the
     * content before, unless its frames have checksums: once, or each time if it has 1 MiB at most.
     *
     * @throws IntegrityException if it is damaged; it is removed from the cache then
     * @throws IOException if it cannot be read
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public StoredContent stored() throws IOException {
        lease.use(reader -> {
            if (reader != null) {
                reader.verifyStored();
            }
            return 0;
        });
        return new StoredContent(lease);
    }

    /** Releases the lease; reads that run may end before. Idempotent. */
    @Override
    public void close() {
        lease.close();
    }
}
