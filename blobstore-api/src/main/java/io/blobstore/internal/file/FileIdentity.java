package io.blobstore.internal.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A file's identity, size and time of modification when it was opened, to detect later changes.
 *
 * <p>Compared by path and not through an open channel: an interrupt of a thread that reads the size of a channel closes
 * the channel, and a transfer's threads are interrupted when it is cancelled.
 *
 * @param path the file's path
 * @param size its size in bytes
 * @param modified the time of its last modification
 * @param fileKey its device and inode; null if the file system does not report them
 */
public record FileIdentity(
        Path path, long size, FileTime modified, @Nullable Object fileKey) {
    /**
     * Reads the identity of a regular file.
     *
     * @throws NoSuchFileException if there is no file
     * @throws FileSystemException if it is not a regular file
     */
    public static FileIdentity of(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    attributes.isDirectory() ? "is a directory, not a file" : "is not a regular file");
        }
        return new FileIdentity(path, attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
    }

    /** Returns this identity, and a part of the file, as text that other processes can compare. */
    public String describe(long offset, long length) {
        return path.toAbsolutePath() + " " + fileKey + " " + size + " " + modified + " " + offset + "+" + length;
    }

    /**
     * Checks that the file ends where its size says. Files that the kernel makes up, as in {@code /proc}, report a size
     * of 0 and contain more. Ignores a file that has changed since, which {@link #difference} describes.
     *
     * @param channel reads the file
     * @throws FileSystemException if it is longer than its size
     */
    public void requireEnd(FileChannel channel) throws IOException {
        if (channel.read(ByteBuffer.allocate(1), size) > 0 && difference(false).isEmpty()) {
            throw new FileSystemException(
                    path.toString(),
                    null,
                    "contains more than the " + size + " bytes of its size, as files in /proc do; copy it to an"
                            + " ordinary file, and use that");
        }
    }

    /**
     * Describes how the file at this path differs now; empty if it does not.
     *
     * @param mayBeWritten whether to ignore new content, and so another time of modification or a larger size
     * @throws IOException if the file's attributes cannot be read
     */
    public Optional<String> difference(boolean mayBeWritten) throws IOException {
        FileIdentity now;
        try {
            now = of(path);
        } catch (NoSuchFileException e) {
            return Optional.of("it was deleted or renamed");
        }
        if (!Objects.equals(fileKey, now.fileKey)) {
            return Optional.of("it was replaced by another file");
        }
        if (now.size < size) {
            return Optional.of("it shrank from " + size + " to " + now.size + " bytes");
        }
        if (mayBeWritten) {
            return Optional.empty();
        }
        if (now.size > size) {
            return Optional.of("it grew from " + size + " to " + now.size + " bytes");
        }
        if (!now.modified.equals(modified)) {
            return Optional.of("it was written to at " + now.modified);
        }
        return Optional.empty();
    }
}
