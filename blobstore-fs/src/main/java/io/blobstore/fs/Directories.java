package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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

    /** Removes the empty directories above a file. */
    void removeEmptyAbove(Path file) throws IOException {
        List<Path> innermostFirst = paths.directoriesAbove(file);
        Collections.reverse(innermostFirst);
        for (Path directory : innermostFirst) {
            try {
                Files.delete(directory);
            } catch (NoSuchFileException e) {
                continue; // another process has deleted it; its parent may be empty as well
            } catch (DirectoryNotEmptyException e) {
                return;
            }
            sync(KeyPaths.parent(directory));
        }
    }

    /** Writes the names in a directory to the device, if the store promises that. */
    void sync(Path directory) throws IOException {
        if (durability == Durability.SYNC) {
            AtomicFile.forceDirectory(directory);
        }
    }
}
