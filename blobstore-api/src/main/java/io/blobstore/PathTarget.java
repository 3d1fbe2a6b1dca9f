package io.blobstore;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Deque;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A file that is written under a temporary name in the same directory, and renamed when it is complete. */
final class PathTarget implements BlobTarget {
    /** Bytes per write: larger ones can be several times slower (docs/adr/0004). */
    private static final int WRITE = 128 * 1024;
    /** Bytes of a buffer: small enough that its content is still in a core's own cache when it is written. */
    private static final int BUFFER = 256 * 1024;

    /**
     * The buffers of the read that ended last, kept until the next read starts or the garbage collector runs. Without
     * them, many reads between two collections would allocate many buffers.
     */
    private static final AtomicReference<WeakReference<Deque<ByteBuffer>>> LAST_BUFFERS =
            new AtomicReference<>(new WeakReference<>(null));

    private final Path path;

    PathTarget(Path path) {
        this.path = Objects.requireNonNull(path, "path");
    }

    @Override
    public long room() {
        return Long.MAX_VALUE;
    }

    @Override
    public Writer open() throws IOException {
        requireWritable();
        Path place = Files.exists(path) ? path.toRealPath() : path; // keeps a symbolic link
        Path temporary = place.resolveSibling(".blobstore-" + UUID.randomUUID() + ".part");
        Files.createFile(temporary);
        return new PathWriter(place, temporary);
    }

    private void requireWritable() throws IOException {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    "is a symbolic link to nothing, and would be replaced; name its destination");
        }
        if (!Files.exists(path)) {
            Path directory = path.toAbsolutePath().getParent();
            if (directory == null || !Files.exists(directory)) {
                throw new NoSuchFileException(String.valueOf(directory));
            }
            if (!Files.isDirectory(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
        } else if (!Files.isRegularFile(path)) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    Files.isDirectory(path)
                            ? "is a directory; name a file in it"
                            : "is not a regular file, and would be replaced; choose another path");
        }
    }

    @Override
    public String toString() {
        return "PathTarget[" + path + "]";
    }

    /**
     * Writes the temporary file. Every window has its own channel, because an interrupt closes the channel that the
     * interrupted thread uses: it must not make the writes of other threads fail, and hide the original failure.
     */
    private static final class PathWriter implements Writer {
        private final Path place;
        private final Path temporary;
        /** The buffer used last is reused first: it may still be in the cache. */
        private final Deque<ByteBuffer> idleBuffers;

        private boolean completed;
        private boolean closed;

        PathWriter(Path place, Path temporary) {
            this.place = place;
            this.temporary = temporary;
            Deque<ByteBuffer> last =
                    LAST_BUFFERS.getAndSet(new WeakReference<>(null)).get();
            this.idleBuffers = last != null ? last : new ConcurrentLinkedDeque<>();
        }

        private FileChannel open() throws IOException {
            return FileChannel.open(temporary, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        }

        /** Sets the file's length, so that later writes change only its content. */
        @Override
        public void reserve(long length) throws TargetException {
            try (FileChannel channel = open()) {
                long free = Files.getFileStore(temporary).getUsableSpace();
                if (free < length - channel.size()) {
                    throw new TargetException(
                            "file " + place,
                            "it has no room for " + length + " bytes: the file system has " + free + " left",
                            null);
                }
                if (length > channel.size()) {
                    channel.write(ByteBuffer.allocate(1), length - 1);
                }
            } catch (TargetException e) {
                throw e;
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }

        @Override
        public Window window(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
            ByteBuffer idle = idleBuffers.pollFirst();
            return new PathWindow(offset, length, idle != null ? idle : ByteBuffer.allocateDirect(BUFFER));
        }

        @Override
        public void commit(long length) throws TargetException {
            try {
                Files.move(temporary, place, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
            completed = true;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                LAST_BUFFERS.set(new WeakReference<>(idleBuffers));
            }
            if (!completed) {
                Files.deleteIfExists(temporary);
            }
        }

        private final class PathWindow implements Window {
            private final long end;
            private final ByteBuffer buffer;
            /** The offset in the file of the buffer's first byte. */
            private long offset;

            private @Nullable FileChannel channel;
            private boolean closed;

            PathWindow(long offset, long length, ByteBuffer buffer) {
                this.end = offset + length;
                this.buffer = buffer;
                moveTo(offset);
            }

            private void moveTo(long next) {
                offset = next;
                buffer.clear().limit((int) Math.min(BUFFER, end - next));
            }

            @Override
            public long remaining() {
                return end - offset - buffer.position();
            }

            @Override
            public ByteBuffer buffer() throws TargetException {
                requireOpen();
                if (!buffer.hasRemaining()) {
                    flush();
                }
                return buffer;
            }

            @Override
            public void flush() throws TargetException {
                requireOpen();
                try {
                    write();
                } catch (IOException e) {
                    throw TargetException.of(place, e);
                }
            }

            private void write() throws IOException {
                if (buffer.position() == 0) {
                    return;
                }
                FileChannel file = channel;
                if (file == null) {
                    file = open();
                    channel = file;
                }
                int filled = buffer.position();
                for (int at = 0; at < filled; at += WRITE) {
                    ByteBuffer piece = buffer.slice(at, Math.min(WRITE, filled - at));
                    while (piece.hasRemaining()) {
                        file.write(piece, offset + at + piece.position());
                    }
                }
                moveTo(offset + filled);
            }

            private void requireOpen() {
                if (closed) {
                    throw new IllegalStateException("the window is closed");
                }
            }

            @Override
            public void close() throws TargetException {
                if (closed) {
                    return;
                }
                closed = true;
                idleBuffers.addFirst(buffer);
                if (channel != null) {
                    try {
                        channel.close();
                    } catch (IOException e) {
                        throw TargetException.of(place, e);
                    }
                }
            }
        }
    }
}
