package io.blobstore.cas;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The files of bazel-remote, and damaged ones, with the tables that describe them: resources of blobstore-zstd. */
final class Vectors {
    private static final String ROOT = "/casblob/";

    private Vectors() {}

    /** Returns the rows of a table, each by column. */
    static List<Map<String, String>> table(String name) throws IOException {
        try (InputStream file = Vectors.class.getResourceAsStream(ROOT + name)) {
            List<String> lines = new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            List<String> columns = List.of(lines.get(0).split("\t"));
            return lines.stream()
                    .skip(1)
                    .map(line -> List.of(line.split("\t")))
                    .map(cells -> columns.stream()
                            .collect(Collectors.toMap(
                                    Function.identity(), column -> cells.get(columns.indexOf(column)))))
                    .toList();
        }
    }

    /** Returns whether a file is stored; large ones that are like others are not. */
    static boolean exists(String name) {
        return Vectors.class.getResource(ROOT + name) != null;
    }

    /** Copies a file, and creates the directory that it goes into. */
    static void copy(String name, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        try (@Nullable InputStream file = Vectors.class.getResourceAsStream(ROOT + name)) {
            Files.copy(file, target);
        }
    }
}
