package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Content to store: of known size, readable any number of times (so that a part can be sent again), and readable only
 * under a {@link Lease}.
 *
 * <p>A {@link io.blobstore.memory.MappedRegion} is a source whose buffers are the mapping itself; {@link #of} wraps
 * buffers; {@link #ofPath} reads a file by positional reads, for files that others may shrink.
 *
 * <p>The content must not change while a transfer reads it. Sources over files check, each time they are acquired, that
 * the file is still the one that was opened, and throw {@link SourceChangedException} if it is not.
 *
 * <p>Immutable and thread-safe.
 */
public interface BlobSource {
    /** The number of bytes. */
    long size();

    /**
     * A part of this source, sharing its content.
     *
     * @throws IndexOutOfBoundsException if the part is not inside the source
     */
    BlobSource slice(long offset, long length);

    /**
     * Leases the content for reading. An empty source may be acquired too, and is checked like any other.
     *
     * @throws SourceChangedException if the content is backed by a file which is no longer the one that was opened
     * @throws IllegalStateException if the memory is closed
     * @throws IllegalArgumentException if this source is larger than {@link #maxLeaseSize()}
     * @throws IOException if the content cannot be read
     */
    Lease acquire() throws IOException;

    /**
     * The most bytes that {@link #acquire()} hands out at once: unlimited for content that is in memory, small for
     * content that is copied out of a file. Larger sources are walked by {@link #slice slices}, or
     * {@link #forEachBuffer}.
     */
    default long maxLeaseSize() {
        return Long.MAX_VALUE;
    }

    /**
     * Keeps the memory behind this source alive without reading it. A transfer retains its source from start to end,
     * and acquires what it retained slice by slice: the owner may close the memory meanwhile.
     *
     * @throws IllegalStateException if the memory is closed
     */
    RetainedSource retain();

    /**
     * Visits the content from start to end, in buffers of at most {@code maxBufferSize} bytes. Each buffer is valid
     * only until the visitor returns.
     *
     * <p>Checks the file behind the source once more at the end: when this returns, what was visited is the content.
     *
     * @throws IOException as {@link #acquire()} does, or whatever the visitor throws
     */
    default void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
        if (maxBufferSize <= 0) {
            throw new IllegalArgumentException("maxBufferSize must be positive; got " + maxBufferSize);
        }
        long leaseSize = maxLeaseSize();
        for (long offset = 0; offset < size(); offset += Math.min(leaseSize, size() - offset)) {
            try (Lease lease =
                    slice(offset, Math.min(leaseSize, size() - offset)).acquire()) {
                for (ByteBuffer buffer : lease.buffers()) {
                    for (int at = 0; at < buffer.limit(); at += Math.min(maxBufferSize, buffer.limit() - at)) {
                        visitor.visit(buffer.slice(at, Math.min(maxBufferSize, buffer.limit() - at)));
                    }
                }
            }
        }
        requireUnchanged(); // only then is what was visited the source's content
    }

    /**
     * Checks that the file behind the source, if there is one, is still the one that was opened, as {@link #acquire()}
     * does, without leasing anything.
     *
     * @throws SourceChangedException if it is not
     * @throws IllegalStateException if the memory is closed
     */
    default void requireUnchanged() throws IOException {
        slice(0, 0).acquire().close();
    }

    /** Takes one buffer of a source's content after the other. */
    @FunctionalInterface
    interface BufferVisitor {
        /** Reads the buffer's remaining bytes, now: it is not valid afterwards. */
        void visit(ByteBuffer buffer) throws IOException;
    }

    /**
     * The remaining bytes of some buffers, one after the other. The buffers' positions and limits are taken now and
     * never moved. A direct buffer travels without a copy; a heap buffer is allowed, and copied by the JDK on its way
     * to a socket or file. The memory must stay valid, and its content unchanged, until the transfer has completed.
     *
     * <p>For a {@code MappedByteBuffer} of your own, nothing keeps you from unmapping it too early: prefer
     * {@link io.blobstore.memory.MappedFile}.
     */
    static BlobSource of(ByteBuffer... content) {
        return BufferSource.of(content);
    }

    /** Several sources as one. */
    static BlobSource concat(List<? extends BlobSource> sources) {
        return ConcatSource.of(sources);
    }

    /**
     * A file, read by positional reads into reused direct buffers: one copy per byte, and safe against others who
     * truncate the file meanwhile. Choose it for files that you do not control; {@link io.blobstore.memory.MappedFile}
     * for the rest.
     *
     * @throws IOException if there is no regular, readable file at this path
     */
    static BlobSource ofPath(Path path) throws IOException {
        return PathSource.open(path);
    }
}
