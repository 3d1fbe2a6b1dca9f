package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The destination of a read: memory, or a file. The counterpart of {@link BlobSource}.
 *
 * <p>There are three kinds: a buffer ({@link #of(ByteBuffer)}), a file ({@link #ofPath(Path)}), and mapped memory
 * ({@link io.blobstore.memory.MappedRegion} of a writable file). A target only describes the destination; the library
 * calls {@link #open()} when it begins to write.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         MappedFile file = MappedFile.create(path, store.head(key).size())) {
 *     ByteBuffer header = ByteBuffer.allocateDirect(512);
 *     BlobTarget copy = BlobTarget.ofPath(Path.of("copy.img"));
 *     transfers.download(store, key, ByteRange.of(0, 512), BlobTarget.of(header)).join();
 *     transfers.download(store, key, ByteRange.all(), copy).join();
 *     transfers.download(store, key, ByteRange.all(), file.region()).join();
 * }
 * }</pre>
 */
public interface BlobTarget {
    /**
     * Returns a target for the remaining bytes of a buffer, direct or on the heap. When a read into it has completed,
     * the position is after the last byte read; the limit is unchanged. After a failure the position is unchanged, and
     * the content after it is undefined. The caller must not use the buffer during the read.
     *
     * @throws IllegalArgumentException if the buffer is read-only
     */
    static BlobTarget of(ByteBuffer buffer) {
        Objects.requireNonNull(buffer, "buffer");
        return new BufferTarget(buffer);
    }

    /**
     * Returns a target for a file, which is created or replaced atomically when all content has arrived and was
     * verified. Until then, and after a failure, the path is unchanged. The content is written to a hidden file in the
     * same directory as it arrives, by positional writes, from reused direct buffers: one of 256 KiB for each request
     * in flight. Nothing is forced to the device, as with {@code cp}. A process that is killed leaves the hidden file,
     * {@code .blobstore-X.part}, and its lock file {@code .blobstore-X.lock}; the next download into the directory
     * deletes both.
     *
     * <p>The file is a new one: its owner and mode are those of any file that this process creates, not those of the
     * file it replaces. Symbolic links are followed and kept. Opening fails if the directory is missing, or the path is
     * something other than a regular file, such as a dangling link.
     */
    static BlobTarget ofPath(Path path) {
        return new PathTarget(path);
    }

    /** Returns the maximum number of bytes it can hold; {@link Long#MAX_VALUE} if only the device limits it. */
    long room();

    /**
     * Acquires the memory, or creates the file.
     *
     * @throws IllegalStateException if the memory is closed or must not be written to
     * @throws IOException if the file cannot be created
     */
    Writer open() throws IOException;

    /**
     * Opens the target to go on with what an earlier writer of this kind has left, of this process or another one. For
     * files of {@link #ofPath} only: the content is in {@code .NAME.blobstore-part} beside the file {@code NAME}, and
     * stays there when the writer is closed before {@link Writer#commit}, or its process dies.
     *
     * @throws UnsupportedOperationException if the target is no file
     * @throws IOException if the file cannot be created
     */
    default ResumableWriter resume() throws IOException {
        throw new UnsupportedOperationException("only a download to BlobTarget.ofPath can be resumed; got " + this);
    }

    /** A writer that keeps its content when it is closed before {@link #commit}. */
    interface ResumableWriter extends Writer {
        /** Returns where a journal of the content can be kept: a path beside the file. */
        Path journal();

        /** Returns the checksum of bytes that were written; empty if the content ends before. */
        Optional<Crc32c> checksum(long offset, long length) throws TargetException;

        /** Removes the content. */
        void clear() throws TargetException;
    }

    /**
     * Writes into an open target. Windows are thread-safe against each other and may be filled concurrently; the other
     * methods must be called by one thread, while no window is open.
     */
    interface Writer extends Closeable {
        /**
         * Announces the total length, before {@link #commit} and before most of the windows.
         *
         * @throws TargetException if the target has no room for it
         */
        default void reserve(long length) throws TargetException {}

        /**
         * Opens a window onto {@code length} bytes at an offset, to be filled and closed. Windows must not overlap.
         *
         * @throws IndexOutOfBoundsException if the window exceeds the room
         */
        Window window(long offset, long length) throws IOException;

        /**
         * Makes the complete content visible.
         *
         * @param length the content's length in bytes
         * @throws TargetException if that is not possible
         */
        void commit(long length) throws TargetException;

        /** Releases the memory, and discards content that was not committed. Idempotent. */
        @Override
        void close() throws IOException;
    }

    /**
     * A contiguous range of a target, filled from start to end through one buffer after another: a single buffer if the
     * target is memory, small ones if it is a file. Not thread-safe.
     */
    interface Window extends Closeable {
        /**
         * Returns a window onto the remaining bytes of a buffer, whose position advances as it is filled.
         *
         * @throws IllegalArgumentException if the buffer is read-only
         */
        static Window of(ByteBuffer buffer) {
            Objects.requireNonNull(buffer, "buffer");
            return of(List.of(buffer));
        }

        /**
         * Returns a window onto the remaining bytes of several buffers, whose positions advance as they are filled.
         *
         * @throws IllegalArgumentException if a buffer is read-only
         */
        static Window of(List<ByteBuffer> buffers) {
            Objects.requireNonNull(buffers, "buffers");
            return new MemoryWindow(buffers);
        }

        /** Returns the number of bytes that have not been put yet. */
        long remaining();

        /**
         * Returns memory for the next bytes, from its position to its limit: at least 1 byte if any remain, and no more
         * than remain. The caller puts bytes there, which advances the position, and must not use the buffer after the
         * next call, which returns the same buffer until it is full.
         *
         * @throws TargetException if the bytes put before cannot be kept, for example because a device is full. Stores
         *     pass it on
         */
        ByteBuffer buffer() throws TargetException;

        /**
         * Puts all of a buffer's remaining bytes, and advances its position.
         *
         * @throws BufferOverflowException if there is not enough room; as many bytes as fit were put
         * @throws TargetException as {@link #buffer()} does
         */
        default void put(ByteBuffer source) throws TargetException {
            Objects.requireNonNull(source, "source");
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

        /**
         * Transfers all bytes put so far to the place where the target keeps them.
         *
         * @throws TargetException as {@link #buffer()} does
         */
        default void flush() throws TargetException {}

        /** Releases the memory. Bytes that were not flushed may be lost. Idempotent. */
        @Override
        default void close() throws TargetException {}
    }
}
