package io.blobstore.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What is below a directory, to compare before and after. */
final class Tree {
    private Tree() {}

    /** Everything below, links as themselves, the store's own directory left out. */
    static List<String> blobsAndDirectories(Path root) throws IOException {
        return paths(root).filter(name -> !name.startsWith(".blobstore")).toList();
    }

    /** Everything below, links as themselves. */
    static List<String> all(Path root) throws IOException {
        return paths(root).toList();
    }

    /** The temporaries of all sessions. */
    static List<String> temporaries(Path root) throws IOException {
        return paths(root)
                .filter(name -> name.matches("\\.blobstore/tmp/[^/]*/.*"))
                .toList();
    }

    private static Stream<String> paths(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root)) {
            return walk
                    .filter(path -> !path.equals(root))
                    .map(path -> root.relativize(path).toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }
}
