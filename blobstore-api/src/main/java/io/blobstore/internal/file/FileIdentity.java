package io.blobstore.internal.file;

import java.io.IOException;
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
 * The attributes that identify a file as it was when it was opened.
 *
 * <p>Compared by path and not through an open channel: an interrupt closes the channel that the interrupted thread asks
 * for its size, and a transfer's threads are interrupted when it is cancelled.
 *
 * @param path the path
 * @param size the size in bytes
 * @param modified the time of the last modification
 * @param fileKey device and inode; null if the file system has none
 */
public record FileIdentity(
        Path path, long size, FileTime modified, @Nullable Object fileKey) {
    /**
     * Reads the attributes of a file.
     *
     * @throws NoSuchFileException if there is no file at the path
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

    /**
     * Describes how the file at this path differs now; empty if it does not.
     *
     * @param mayBeWritten whether to ignore new content, that is a later modification or a larger size
     * @throws IOException if the attributes cannot be read
     */
    public Optional<String> difference(boolean mayBeWritten) throws IOException {
        FileIdentity now;
        try {
            now = of(path);
        } catch (NoSuchFileException e) {
            return Optional.of("it was deleted or renamed");
        }
        if (!Objects.equals(fileKey, now.fileKey)) {
            return Optional.of("another file took its place");
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
