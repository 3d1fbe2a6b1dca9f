package io.blobstore;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/** A file that is created beside its path, and renamed to it when it is complete. */
final class PathTarget implements BlobTarget {
    /**
     * The capacity of a window's buffer in bytes: small enough that content is written while it is in a core's own
     * cache.
     */
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
        return new PathWriter(place, AtomicFile.createBeside(place));
    }

    @Override
    public ResumableWriter resume() throws IOException {
        requireWritable();
        Path place = Files.exists(path) ? path.toRealPath() : path;
        Path part = place.resolveSibling("." + place.getFileName() + ".blobstore-part");
        return new ResumablePathWriter(place, part, AtomicFile.reopen(place, part));
    }

    private void requireWritable() throws IOException {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    "is a dangling symbolic link, which would be replaced; use the path of its target");
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

    /** Writes the temporary file; its failures are the target's. */
    private static class PathWriter implements Writer {
        final Path place;
        final AtomicFile file;

        PathWriter(Path place, AtomicFile file) {
            this.place = place;
            this.file = file;
        }

        @Override
        public void reserve(long length) throws TargetException {
            try {
                file.requireRoom(length);
                file.extend(length);
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }

        @Override
        public Window window(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
            return new PathWindow(place, file.section(offset), length);
        }

        @Override
        public void commit(long length) throws TargetException {
            try {
                file.replaceTarget();
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /** Leaves the temporary file, unless it is empty. */
    private static final class ResumablePathWriter extends PathWriter implements ResumableWriter {
        private final Path part;

        ResumablePathWriter(Path place, Path part, AtomicFile file) {
            super(place, file);
            this.part = part;
        }

        @Override
        public Path journal() {
            return part.resolveSibling(part.getFileName() + ".journal");
        }

        @Override
        public Optional<Crc32c> checksum(long offset, long length) throws TargetException {
            try (PooledBuffer memory = DirectBufferPool.shared().take(BUFFER)) {
                OptionalInt crc = file.crc32c(offset, length, memory.buffer());
                return crc.isPresent() ? Optional.of(new Crc32c(crc.getAsInt())) : Optional.empty();
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }

        @Override
        public void clear() throws TargetException {
            try {
                file.truncate(0);
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }

        @Override
        public void close() throws IOException {
            if (Files.exists(part) && Files.size(part) == 0) {
                super.close();
            } else {
                file.detach();
            }
        }
    }

    private static final class PathWindow implements Window {
        private final Path place;
        private final AtomicFile.Section section;
        private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
        private final ByteBuffer buffer = memory.buffer();
        /** The number of bytes not written yet, which begin at the buffer's first byte. */
        private long unwritten;

        PathWindow(Path place, AtomicFile.Section section, long length) {
            this.place = place;
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
        public ByteBuffer buffer() throws TargetException {
            memory.buffer(); // fails once the window is closed
            if (!buffer.hasRemaining()) {
                flush();
            }
            return buffer;
        }

        @Override
        public void flush() throws TargetException {
            ByteBuffer filled = memory.buffer().duplicate().flip();
            if (filled.hasRemaining()) {
                int bytes = filled.remaining();
                try {
                    section.write(filled);
                } catch (IOException e) {
                    throw TargetException.of(place, e);
                }
                moveTo(unwritten - bytes);
            }
        }

        @Override
        public void close() throws TargetException {
            memory.close();
            try {
                section.close();
            } catch (IOException e) {
                throw TargetException.of(place, e);
            }
        }
    }
}
