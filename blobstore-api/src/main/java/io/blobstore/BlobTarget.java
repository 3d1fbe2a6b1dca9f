package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Where content is read to: memory, or a file. The counterpart of {@link BlobSource}.
 *
 * <p>What implements this is a description; {@link #open()} begins to use it. Library code calls that; users choose a
 * target: {@link #of(ByteBuffer)}, {@link #ofPath(Path)}, or a {@link io.blobstore.memory.MappedRegion} of a writable
 * file.
 */
public interface BlobTarget {
    /**
     * The remaining bytes of a buffer, direct or on the heap. When a read into it has completed, the position is behind
     * what was read; the limit stays. After a failure the position is where it was, and what lies behind it is
     * undefined. Nobody else may use the buffer meanwhile.
     *
     * @throws IllegalArgumentException if the buffer is read-only
     */
    static BlobTarget of(ByteBuffer buffer) {
        return new BufferTarget(buffer);
    }

    /**
     * A file, made or replaced in one step when all of the content is there and was verified; until then, and after a
     * failure, the path is what it was. The content is written to a hidden file beside it as it arrives, by positional
     * writes, from direct buffers that are reused: one of 256 KiB for each request under way. Nothing is forced to the
     * device, as with {@code cp}.
     *
     * <p>It is a new file: owner and mode are those of any file that this process makes, and not of the one that is
     * replaced. Symbolic links are followed, and stay. Opening fails if the directory is missing, or something else
     * than a regular file is in the way, such as a link to nothing.
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
    Writer open() throws IOException;

    /**
     * A target that is being filled. Windows are thread-safe and may be filled side by side; the other methods are for
     * one thread, when no window is open.
     */
    interface Writer extends Closeable {
        /** The total length is known: before {@link #commit}, and before most of the windows. */
        default void reserve(long length) throws IOException {}

        /**
         * The stretch of some length from an offset on, to be filled and closed. Windows must not overlap.
         *
         * @throws IndexOutOfBoundsException if the stretch is not within the room
         */
        Window window(long offset, long length) throws IOException;

        /**
         * All of the content is there: makes it visible.
         *
         * @param length of the content
         */
        void commit(long length) throws IOException;

        /** Lets go of the memory; removes what was not completed. Idempotent. */
        @Override
        void close() throws IOException;
    }

    /**
     * A stretch of a target, filled from its begin to its end through one buffer after the other: one for all of it
     * where the target is memory, and small ones where it is a file. For one thread.
     */
    interface Window extends Closeable {
        /**
         * The remaining bytes of a buffer, whose position moves as it is filled.
         *
         * @throws IllegalArgumentException if the buffer is read-only
         */
        static Window of(ByteBuffer buffer) {
            return of(List.of(buffer));
        }

        /**
         * The remaining bytes of several buffers, whose positions move as they are filled.
         *
         * @throws IllegalArgumentException if a buffer is read-only
         */
        static Window of(List<ByteBuffer> buffers) {
            return new MemoryWindow(buffers);
        }

        /** How many bytes have not been put yet. */
        long remaining();

        /**
         * Memory for the bytes that come next, from its position on; has room for 1 byte or more if any remain, and for
         * no more than remain. Whoever puts bytes there moves its position, and uses it no more after the next call,
         * which gives the same buffer until it is full.
         *
         * @throws UncheckedIOException if what was put there before cannot be kept, as when a device is full. Stores
         *     let it pass
         */
        ByteBuffer buffer();

        /**
         * Puts all of a buffer's remaining bytes, and moves its position.
         *
         * @throws BufferOverflowException if there is no room for all of them; as many as there is room for were put
         *     then
         * @throws UncheckedIOException as of {@link #buffer()}
         */
        default void put(ByteBuffer source) {
            while (source.hasRemaining()) {
                ByteBuffer buffer = buffer();
                int bytes = Math.min(source.remaining(), buffer.remaining());
                if (bytes == 0) {
                    throw new BufferOverflowException();
                }
                buffer.put(source.slice(source.position(), bytes));
                source.position(source.position() + bytes);
            }
        }

        /** What was put stays: it is where the target keeps it. */
        default void flush() throws IOException {}

        /** Lets go of the memory. Idempotent. */
        @Override
        default void close() throws IOException {}
    }
}
