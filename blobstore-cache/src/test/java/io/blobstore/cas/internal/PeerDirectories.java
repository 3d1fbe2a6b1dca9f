package io.blobstore.cas.internal;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The cache directories in the test resources, which bazel-remote wrote, or migrated. */
final class PeerDirectories {
    private PeerDirectories() {}

    /** Returns the path of a resource below {@code casblob}. */
    static Path resource(String name) {
        try {
            return Path.of(PeerDirectories.class.getResource("/casblob/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads a table: its rows without the first, which has the names of the columns. */
    static List<String[]> table(String name) throws IOException {
        List<String> lines = Files.readAllLines(resource(name));
        return lines.subList(1, lines.size()).stream()
                .map(line -> line.split("\t", -1))
                .toList();
    }

    /**
     * Copies the cache directory to a path, with its times of access.
     *
     * @return the names of the files, in the order of these times
     */
    static List<String> copyCache(Path target) throws IOException {
        OpenedCache.copy(resource("cachedir"), target);
        List<String> names = new ArrayList<>();
        for (String[] row : table("cachedir.tsv")) {
            Path file = target.resolve(row[6]);
            OpenedCache.setAccessTime(file, Long.parseLong(row[0]));
            names.add(file.getFileName().toString());
        }
        return names;
    }
}
