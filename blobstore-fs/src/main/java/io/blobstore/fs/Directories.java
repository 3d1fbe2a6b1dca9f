package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.Operation;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Makes the directories that keys need, removes those that no key needs, and makes both last. */
final class Directories {
    private final KeyPaths paths;
    private final Durability durability;

    Directories(KeyPaths paths, Durability durability) {
        this.paths = paths;
        this.durability = durability;
    }

    /**
     * Makes the directories above a file, as far as they are missing.
     *
     * @throws io.blobstore.InvalidBlobKeyException if something else is in the way
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
                // Somebody was faster. If it is no directory, the rename fails.
            }
            sync(KeyPaths.parent(directory));
        }
    }

    /** Removes the directories above a file, as far as they are empty. */
    void removeEmptyAbove(Path file) throws IOException {
        List<Path> innermostFirst = paths.directoriesAbove(file);
        Collections.reverse(innermostFirst);
        for (Path directory : innermostFirst) {
            try {
                Files.delete(directory);
            } catch (NoSuchFileException e) {
                continue; // somebody was faster; the one above may be empty too
            } catch (DirectoryNotEmptyException e) {
                return;
            }
            sync(KeyPaths.parent(directory));
        }
    }

    /** Writes a directory's names to the device, if the store promises that. */
    void sync(Path directory) throws IOException {
        if (durability == Durability.NONE) {
            return;
        }
        boolean interrupted = false;
        try {
            for (; ; ) {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    // What this makes durable is done and visible already: finish, and leave the interrupt to the
                    // caller.
                    interrupted |= Thread.interrupted();
                } catch (NoSuchFileException e) {
                    return; // removed meanwhile, as nothing was left in it
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
