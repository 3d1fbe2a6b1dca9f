package io.blobstore.internal.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.OptionalInt;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears at its path in one step, when its content is complete: written to a temporary file on the same
 * file system, at any offsets by any number of threads, then published by a rename or a link. Other processes see the
 * old content or all of the new.
 *
 * <p>Several threads may write at the same time, each to its own section. The other methods must be called by one
 * thread at a time.
 */
public final class AtomicFile implements Closeable {
    /**
     * The maximum number of bytes per write. Larger writes can be several times slower, as the kernel then allocates
     * larger folios (measured: docs/adr/0004), and a buffer of this size is still in the core's cache when the kernel
     * copies it.
     */
    public static final int MAX_WRITE = 128 * 1024;

    private static final OpenOption[] NEW = {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};

    private final Path target;
    private final Path temporary;
    /**
     * Open during all writes, because write-back errors are reported only to descriptors that were open when they
     * occurred.
     */
    private final FileChannel channel;
    /** Shows other processes that the temporary file is in use; null if its directory does. */
    private final @Nullable LivenessLock alive;

    private AtomicFile(Path target, Path temporary, @Nullable LivenessLock alive, OpenOption... options)
            throws IOException {
        this.target = target;
        this.temporary = temporary;
        this.alive = alive;
        this.channel = FileChannel.open(temporary, options);
    }

    /**
     * Creates an empty temporary file at a given path, to be published at another path of the same file system.
     *
     * @throws FileAlreadyExistsException if there is a file at the temporary path
     */
    public static AtomicFile create(Path target, Path temporary) throws IOException {
        return new AtomicFile(target, temporary, null, NEW);
    }

    /**
     * Opens a temporary file with the content that an earlier process, or {@link #detach}, has left, and creates it if
     * it is missing. Only one process may use it at a time.
     */
    public static AtomicFile reopen(Path target, Path temporary) throws IOException {
        return new AtomicFile(
                target,
                temporary,
                null,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Creates an empty temporary file beside the target, hidden, with a unique name. First deletes the files that
     * writers of this kind left in the directory, if their processes are dead; in a directory of many files, it does so
     * once for many calls.
     */
    public static AtomicFile createBeside(Path target) throws IOException {
        LivenessLock alive = PartFiles.lock(target.resolveSibling(""));
        try {
            return new AtomicFile(target, PartFiles.path(alive), alive, NEW);
        } catch (IOException | RuntimeException e) {
            alive.close();
            throw e;
        }
    }

    /** Returns whether a file's name, in any directory, is kept for temporary files beside targets. */
    public static boolean isReservedName(String fileName) {
        return PartFiles.isReserved(fileName);
    }

    /** Returns where the content is until it is published. */
    public Path temporary() {
        return temporary;
    }

    /**
     * Checks that the content can grow to a length.
     *
     * @throws FileSystemException if the file system has not enough space left
     */
    public void requireRoom(long length) throws IOException {
        long free = Files.getFileStore(temporary).getUsableSpace();
        if (free < length - channel.size()) {
            throw new FileSystemException(
                    target.toString(),
                    null,
                    "has no room for " + length + " bytes: the file system has " + free + " left");
        }
    }

    /**
     * Extends the content to a length, so that later writes change nothing but its bytes. Its blocks are allocated as
     * they are written.
     */
    public void extend(long length) throws IOException {
        if (length > channel.size()) {
            channel.write(ByteBuffer.allocate(1), length - 1);
        }
    }

    /** Cuts off what was written beyond a length. */
    public void truncate(long length) throws IOException {
        channel.truncate(length);
    }

    /** Returns a section of the content that begins at an offset, to be written and closed. */
    public Section section(long offset) {
        return new Section(offset);
    }

    /**
     * Returns the CRC32C of bytes that are in the temporary file; empty if it ends before.
     *
     * @param buffer memory to read into
     */
    public OptionalInt crc32c(long offset, long length, ByteBuffer buffer) throws IOException {
        CRC32C crc = new CRC32C();
        try (FileChannel own = FileChannel.open(temporary, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            for (long at = offset, end = offset + length; at < end; ) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
                int bytes = own.read(buffer, at);
                if (bytes < 0) {
                    return OptionalInt.empty();
                }
                crc.update(buffer.flip());
                at += bytes;
            }
        }
        return OptionalInt.of((int) crc.getValue());
    }

    /** Writes content and metadata to the device. */
    public void force() throws IOException {
        channel.force(true);
    }

    /** Publishes the content by a rename, which replaces a file at the target. */
    public void replaceTarget() throws IOException {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * Publishes the content by a link, which fails if the target exists: other programs are excluded without a lock.
     *
     * @return false if the file system has no links, and nothing was published
     * @throws FileAlreadyExistsException if the target exists
     * @throws NoSuchFileException if the temporary file or the target's directory is missing
     */
    public boolean linkTarget() throws IOException {
        try {
            Files.createLink(target, temporary);
            return true;
        } catch (FileAlreadyExistsException | NoSuchFileException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Closes the temporary file without deleting it, so that {@link #reopen} finds it. Idempotent. */
    public void detach() throws IOException {
        channel.close();
        if (alive != null) {
            alive.close();
        }
    }

    /** Discards the temporary file; published content stays. Idempotent. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
            Files.deleteIfExists(temporary);
        } finally {
            if (alive != null) {
                alive.close();
            }
        }
    }

    /**
     * Writes the names in a directory to the device. Does nothing if the directory is missing. An interrupt does not
     * end this method, as the change that it makes durable is visible already; the thread's interrupt status stays set.
     */
    public static void forceDirectory(Path directory) throws IOException {
        boolean interrupted = false;
        try {
            for (; ; ) {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                } catch (NoSuchFileException e) {
                    return; // removed meanwhile, as it was empty
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Writes consecutive bytes through a channel of its own: an interrupt closes the channel that its thread uses, and
     * must neither end the writes of other threads nor hide the cause of a failure.
     */
    public final class Section implements Closeable {
        private long offset;
        private @Nullable FileChannel own;

        private Section(long offset) {
            this.offset = offset;
        }

        /**
         * Writes a buffer's remaining bytes after those written before, and advances its position to its limit. After a
         * failure the position is unchanged, and the next call writes at the same offset.
         */
        public void write(ByteBuffer content) throws IOException {
            FileChannel open = own;
            if (open == null) {
                open = FileChannel.open(temporary, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                own = open;
            }
            ByteBuffer piece = content.duplicate();
            long at = offset;
            while (piece.position() < content.limit()) {
                piece.limit(Math.min(content.limit(), piece.position() + MAX_WRITE));
                at += open.write(piece, at);
            }
            content.position(content.limit());
            offset = at;
        }

        /** Closes the channel. Idempotent. */
        @Override
        public void close() throws IOException {
            if (own != null) {
                own.close();
            }
        }
    }
}
