package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.internal.file.AtomicFile;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Creates the directories that keys need, removes those that no key needs, and makes both durable. */
final class Directories {
    private final KeyPaths paths;
    private final Durability durability;

    Directories(KeyPaths paths, Durability durability) {
        this.paths = paths;
        this.durability = durability;
    }

    /**
     * Creates the missing directories above a file.
     *
     * @throws io.blobstore.InvalidBlobKeyException if one of the paths is not a directory
     */
    void makeAbove(Operation operation, BlobKey key, Path file) throws IOException {
        for (Path directory : paths.directoriesAbove(file)) {
            Optional<BasicFileAttributes> attributes = KeyPaths.attributes(directory);
            if (attributes.isPresent()) {
                paths.requireDirectory(operation, key, directory, attributes.get());
                continue;
            }
            try {
                Files.createDirectory(directory);
            } catch (FileAlreadyExistsException e) {
                // Another process has created it. If it is not a directory, the rename fails.
            }
            sync(KeyPaths.parent(directory));
        }
    }

    /**
     * Removes the empty directories above a file that was deleted. Each is removed under the lock of the key that is
     * its path, because deleting a path deletes what is there: a blob, if one is stored where the directory was. An
     * interrupt or a missing permission is no failure; an interrupt remains set.
     */
    void removeEmptyAbove(Path file, ProcessSession session) throws IOException {
        List<Path> innermostFirst = paths.directoriesAbove(file);
        Collections.reverse(innermostFirst);
        for (Path directory : innermostFirst) {
            try {
                if (!isEmpty(directory) || !session.exclusively(paths.keyOf(directory), () -> deleteEmpty(directory))) {
                    return;
                }
                sync(KeyPaths.parent(directory));
            } catch (NoSuchFileException e) {
                // another process has deleted it; its parent may be empty as well
            } catch (FileLockInterruptionException | AccessDeniedException e) {
                return; // the file is deleted, and an empty directory is in nobody's way
            }
        }
    }

    /** Returns whether a path is an empty directory; a look without the lock, which is seldom needed. */
    private static boolean isEmpty(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            return !files.iterator().hasNext();
        } catch (NotDirectoryException e) {
            return false; // a blob was stored there
        }
    }

    private static boolean deleteEmpty(Path directory) throws IOException {
        if (!KeyPaths.isDirectory(directory)) {
            return Files.notExists(directory);
        }
        try {
            Files.delete(directory);
            return true;
        } catch (DirectoryNotEmptyException e) {
            return false;
        }
    }

    /** Writes the names in a directory to the device, if the store promises that. */
    void sync(Path directory) throws IOException {
        if (durability == Durability.SYNC) {
            AtomicFile.forceDirectory(directory);
        }
    }
}
