package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Where content is read to: memory, or a file. The counterpart of {@link BlobSource}.
 *
 * <p>What implements this is a description; {@link #open()} begins to use it. Library code calls that; users choose a target:
 * {@link #of(ByteBuffer)}, {@link #ofPath(Path)}, or a {@link io.blobstore.memory.MappedRegion} of a writable file.
 */
public interface BlobTarget {
    /**
     * The remaining bytes of a buffer, direct or on the heap. When a read into it has completed, the position is behind what was
     * read; the limit stays. After a failure the position is where it was, and what lies behind it is undefined. Nobody else may
     * use the buffer meanwhile.
     *
     * @throws IllegalArgumentException if the buffer is read-only
     */
    static BlobTarget of(ByteBuffer buffer) {
        return new BufferTarget(buffer);
    }

    /**
     * A file, made or replaced in one step when all of the content is there and was verified; until then, and after a failure, the
     * path is what it was. The content is written to a hidden file beside it by positional writes, from direct buffers that are
     * reused: as many as requests are under way, of the size of a request, at most 64 MiB each. Nothing is forced to the device, as
     * with {@code cp}.
     *
     * <p>It is a new file: owner and mode are those of any file that this process makes, and not of the one that is replaced. Symbolic
     * links are followed, and stay. Opening fails if the directory is missing, or something else than a regular file is
     * in the way, such as a link to nothing.
     */
    static BlobTarget ofPath(Path path) {
        return new PathTarget(path);
    }

    /** The most bytes it can take; {@link Long#MAX_VALUE} if only the device limits it. */
    long room();

    /**
     * Takes hold of the memory, or makes the file.
     *
     * @throws IllegalStateException if the memory is closed or must not be written to
     */
    Filling open() throws IOException;

    /**
     * A target that is being filled. Windows are thread-safe and may be filled side by side; the other methods are for one thread, when
     * no window is open.
     */
    interface Filling extends Closeable {
        /** The total length is known: before {@link #complete}, and before most of the windows. */
        default void reserve(long length) throws IOException {}

        /**
         * Memory for the bytes from an offset on, to be filled and closed. Windows must not overlap.
         *
         * @param length how many are wanted, 0 or more; the window may be smaller, but has 1 byte or more if any is wanted
         * @throws IndexOutOfBoundsException if the stretch is not within the room
         */
        Window window(long offset, long length) throws IOException;

        /**
         * All of the content is there: makes it visible.
         *
         * @param length of the content
         */
        void complete(long length) throws IOException;

        /** Lets go of the memory; removes what was not completed. Idempotent. */
        @Override
        void close() throws IOException;
    }

    /** A stretch of a target, for one thread. */
    interface Window extends Closeable {
        /** The memory, from position 0 to the limit. */
        ByteBuffer buffer();

        /** What lies before the buffer's position has arrived, and stays. */
        default void flush() throws IOException {}

        /** Lets go of the memory. Idempotent. */
        @Override
        default void close() {}
    }
}
