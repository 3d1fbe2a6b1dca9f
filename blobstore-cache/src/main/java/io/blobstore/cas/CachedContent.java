package io.blobstore.cas;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.cas.CacheContext.OpenEntry;
import io.blobstore.cas.internal.UseCount;
import io.blobstore.zstd.internal.FrameFormatException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Content of a {@link ContentCache} under a lease: it is not evicted, and stays readable though it is removed, until
 * this is closed. Holds one file descriptor, and up to 64 KiB of direct memory. Thread-safe.
 */
public final class CachedContent implements Closeable {
    private final CacheContext context;
    private final Digest digest;
    /** Null for the content of no bytes, which has no file. */
    private final @Nullable OpenEntry open;

    private final UseCount uses = new UseCount(this::release);
    /** Closes this when the cache is closed. */
    private final CacheContext.Handle handle = uses::close;

    CachedContent(CacheContext context, Digest digest, @Nullable OpenEntry open) {
        this.context = context;
        this.digest = digest;
        this.open = open;
        context.register(handle);
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
        return whileOpen(() -> readOpen(range, target));
    }

    private interface Reading {
        long run() throws IOException;
    }

    private long whileOpen(Reading reading) throws IOException {
        context.enter();
        try {
            if (!uses.tryEnter()) {
                throw new IllegalStateException("the content was closed");
            }
            try {
                return reading.run();
            } finally {
                uses.leave();
            }
        } finally {
            context.leave();
        }
    }

    /**
     * Reads all of the content and compares it with its digest, unless its format has checksums that every read
     * compares. Reads verify content without checksums only once.
     *
     * @throws IntegrityException if it is damaged; it is removed from the cache then
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public void verify() throws IOException {
        whileOpen(() -> {
            if (open != null) {
                verified(open, () -> open.reader().verifyAgain());
            }
            return 0;
        });
    }

    private long readOpen(ByteRange range, BlobTarget.Window target) throws IOException {
        long length = ContentReads.length(range, digest.size(), target.remaining());
        if (open != null) {
            verified(open, () -> open.reader().read(range.offset(), range.offset() + length, target));
        }
        return length;
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Removes the content if a step finds that it is damaged. */
    private void verified(OpenEntry entry, Step step) throws IOException {
        try {
            step.run();
        } catch (FrameFormatException e) {
            context.damaged(entry.entry(), e);
            throw new IntegrityException(
                    Operation.READ, null, "the cached content of " + digest + " is damaged: " + e.getMessage(), e);
        }
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

    /** Releases the lease; reads that run may end before. Idempotent. */
    @Override
    public void close() {
        if (context.tryEnter()) { // else closing the cache does it
            try {
                uses.close();
            } finally {
                context.leave();
            }
        }
    }

    private void release() {
        context.forget(handle);
        if (open != null) {
            context.close(open);
        }
    }
}
