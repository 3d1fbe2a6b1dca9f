package io.blobstore.contract;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is in a directory, and in those below it. */
public final class FileTree {
    private FileTree() {}

    /** Returns the regular files. Begins again if one is deleted meanwhile. */
    public static List<Path> files(Path directory) throws IOException {
        for (; ; ) {
            try (Stream<Path> all = Files.walk(directory)) {
                return all.filter(Files::isRegularFile).toList();
            } catch (UncheckedIOException e) {
                if (!(e.getCause() instanceof NoSuchFileException)) {
                    throw e;
                }
            }
        }
    }
}
