package io.blobstore.split.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Creates temporary files that disappear with the process: on Linux they have no name as soon as they are open,
 * elsewhere they are deleted when they are closed.
 */
public final class UnnamedFile {
    private UnnamedFile() {}

    /**
     * Creates an empty file, to be closed by the caller.
     *
     * @param directory on the file system that holds the content
     */
    public static FileChannel create(Path directory) throws IOException {
        Path path = Files.createTempFile(directory, "blobstore-split-", ".tmp");
        try {
            return FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }
}
