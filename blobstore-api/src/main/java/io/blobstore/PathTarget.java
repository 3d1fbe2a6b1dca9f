package io.blobstore;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;

/** A file that is created beside its path, and renamed to it when it is complete. */
final class PathTarget implements BlobTarget {
    /** Bytes of a window's buffer: what has arrived is written while it is in a core's own cache. */
    private static final int BUFFER = 256 * 1024;

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
        Path place = Files.exists(path) ? path.toRealPath() : path; // a symbolic link stays
        return new PathWriter(AtomicFile.createBeside(place));
    }

    private void requireWritable() throws IOException {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            throw new FileSystemException(
                    path.toString(), null, "is a symbolic link to nothing, which would be replaced; name its target");
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
                            : "is not a regular file, and would be replaced; name another file");
        }
    }

    @Override
    public String toString() {
        return "PathTarget[" + path + "]";
    }

    private static final class PathWriter implements Writer {
        private final AtomicFile file;

        PathWriter(AtomicFile file) {
            this.file = file;
        }

        @Override
        public void reserve(long length) throws IOException {
            file.requireRoom(length);
            file.extend(length);
        }

        @Override
        public Window window(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
            return new PathWindow(file.section(offset), length);
        }

        @Override
        public void commit(long length) throws IOException {
            file.replaceTarget();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    private static final class PathWindow implements Window {
        private final AtomicFile.Section section;
        private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
        private final ByteBuffer buffer = memory.buffer();
        /** Bytes that are not written yet, from the buffer's first byte on. */
        private long unwritten;

        PathWindow(AtomicFile.Section section, long length) {
            this.section = section;
            moveTo(length);
        }

        private void moveTo(long unwritten) {
            this.unwritten = unwritten;
            buffer.clear().limit((int) Math.min(BUFFER, unwritten));
        }

        @Override
        public long remaining() {
            return unwritten - buffer.position();
        }

        @Override
        public ByteBuffer buffer() {
            memory.buffer(); // fails once the window is closed
            if (!buffer.hasRemaining()) {
                try {
                    flush();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return buffer;
        }

        @Override
        public void flush() throws IOException {
            ByteBuffer filled = memory.buffer().duplicate().flip();
            if (filled.hasRemaining()) {
                int bytes = filled.remaining();
                section.write(filled);
                moveTo(unwritten - bytes);
            }
        }

        @Override
        public void close() throws IOException {
            memory.close();
            section.close();
        }
    }
}
