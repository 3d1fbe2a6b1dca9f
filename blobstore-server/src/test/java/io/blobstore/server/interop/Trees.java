package io.blobstore.server.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Trees of files of all sizes: some are sent in batches, others alone. */
final class Trees {
    private Trees() {}

    static void create(Path root) throws IOException {
        Files.createDirectories(root.resolve("a/b"));
        Files.createDirectories(root.resolve("nothing"));
        Files.write(root.resolve("a/empty"), new byte[0]);
        Files.writeString(root.resolve("a/b/small"), "small\n");
        Files.write(root.resolve("a/large.txt"), text(1_000_000));
        byte[] random = new byte[6_000_000];
        new Random(7).nextBytes(random);
        Files.write(root.resolve("a/b/random"), random);
        Files.createSymbolicLink(root.resolve("a/link"), Path.of("large.txt"));
        assertThat(root.resolve("a/b/small").toFile().setExecutable(true)).isTrue();
    }

    /** Returns the numbers below another one, a line each. */
    static byte[] text(int lines) {
        return IntStream.range(0, lines)
                .mapToObj(String::valueOf)
                .collect(Collectors.joining("\n"))
                .getBytes(StandardCharsets.US_ASCII);
    }

    static void requireSame(Path expected, Path actual) throws IOException {
        assertThat(list(actual)).isEqualTo(list(expected));
        for (String name : list(expected).keySet()) {
            if (Files.isRegularFile(expected.resolve(name))) {
                assertThat(actual.resolve(name)).hasSameBinaryContentAs(expected.resolve(name));
            }
        }
    }

    private static Map<String, String> list(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            Map<String, String> kinds = new TreeMap<>();
            for (Path file : files.toList()) {
                kinds.put(root.relativize(file).toString(), kind(file));
            }
            return kinds;
        }
    }

    private static String kind(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) {
            return "link to " + Files.readSymbolicLink(file);
        }
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            return "directory";
        }
        return Files.isExecutable(file) ? "program" : "file";
    }
}
