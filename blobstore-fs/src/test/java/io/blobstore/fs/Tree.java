package io.blobstore.fs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Lists the paths below a directory, to compare before and after. */
final class Tree {
    private Tree() {}

    /** Returns all paths below the root, without following links, except the store's own directory. */
    static List<String> blobsAndDirectories(Path root) throws IOException {
        return paths(root).filter(name -> !name.startsWith(".blobstore")).toList();
    }

    /** Returns all paths below the root, without following links. */
    static List<String> all(Path root) throws IOException {
        return paths(root).toList();
    }

    /** Returns the temporary files of all sessions. */
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
