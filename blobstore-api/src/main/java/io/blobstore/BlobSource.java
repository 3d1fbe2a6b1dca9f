package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Content to store. Its size is known, and it can be read any number of times, so that a part can be sent again.
 *
 * <p>A {@link io.blobstore.memory.MappedRegion} is a source whose buffers are the mapping itself; {@link #of} wraps
 * buffers; {@link #ofPath} reads a file by positional reads, for files that other processes may truncate.
 *
 * <p>There is no source of an {@link java.io.InputStream}: its content can be read once, so a part that failed could
 * not be sent again, and its size is not known. Write such content to a {@link io.blobstore.transfer.BlobWriter}, which
 * keeps each part until it is stored.
 *
 * <p>The content must not change while a transfer reads it. Sources over files check before and after every visit that
 * the file is still the one that was opened, and throw {@link SourceChangedException} if it is not.
 *
 * <p>Implementations are immutable and thread-safe.
 */
public interface BlobSource {
    /** Returns the number of bytes. */
    long size();

    /**
     * Returns a part of this source, which shares its content.
     *
     * @throws IndexOutOfBoundsException if the part is not inside the source
     */
    BlobSource slice(long offset, long length);

    /**
     * Keeps the memory behind this source alive, without reading it, until the returned source is closed. A transfer
     * retains its source from start to end and reads slices of the retained one: the owner may close the memory
     * meanwhile.
     *
     * @throws IllegalStateException if the memory is closed
     */
    RetainedSource retain();

    /**
     * Visits the content from start to end, in buffers of at most {@code maxBufferSize} bytes. The memory is kept alive
     * while the visitor runs: each buffer is valid only until the visitor returns.
     *
     * <p>Checks the file behind the source, if there is one, before the first buffer and after the last: when this
     * method returns, the visited bytes are the content. The source of an empty range is checked as well.
     *
     * @param maxBufferSize in bytes, 1 or more
     * @throws SourceChangedException if the file is no longer the one that was opened
     * @throws IllegalStateException if the memory is closed
     * @throws IOException if the content cannot be read, or the visitor throws it
     */
    void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException;

    /**
     * Checks that the file behind the source, if there is one, is still the one that was opened.
     *
     * @throws SourceChangedException if it is not
     * @throws IllegalStateException if the memory is closed
     */
    void checkUnchanged() throws IOException;

    /**
     * Returns text that identifies the content, in other processes too: sources with the same text have the same
     * content. For a file, it is made of its path, inode, size, time of modification, and the part of it. Empty if
     * there is no such text, as for content in memory; then a transfer from this source cannot be resumed.
     */
    default Optional<String> identity() {
        return Optional.empty();
    }

    /** Receives the buffers of a source's content one after another. */
    @FunctionalInterface
    interface BufferVisitor {
        /**
         * Reads a buffer's remaining bytes. The buffer is read-only, starts at position 0, and is not valid after this
         * method returns.
         */
        void visit(ByteBuffer buffer) throws IOException;
    }

    /**
     * Returns a source of the remaining bytes of some buffers, one after another. The buffers' positions and limits are
     * read now and never changed. A direct buffer is sent without a copy; a heap buffer is allowed, and copied by the
     * JDK when it is written to a socket or file. The memory must stay valid, and its content unchanged, until the
     * transfer has completed.
     *
     * <p>A {@code MappedByteBuffer} that the caller created is not protected from being unmapped too early: use
     * {@link io.blobstore.memory.MappedFile} instead.
     */
    static BlobSource of(ByteBuffer... content) {
        Objects.requireNonNull(content, "content");
        return BufferSource.of(content);
    }

    /** Returns a source of the content of several sources, one after another. */
    static BlobSource concat(List<? extends BlobSource> sources) {
        Objects.requireNonNull(sources, "sources");
        return ConcatSource.of(sources);
    }

    /**
     * Returns a source of a file's content, read by positional reads into reused direct buffers: one copy per byte, and
     * safe if another process truncates the file meanwhile. Use it for files that you do not control, and
     * {@link io.blobstore.memory.MappedFile} for others.
     *
     * @throws IOException if there is no regular, readable file at this path, or it contains more bytes than its size,
     *     as files in {@code /proc} do
     */
    static BlobSource ofPath(Path path) throws IOException {
        return PathSource.open(path);
    }
}
