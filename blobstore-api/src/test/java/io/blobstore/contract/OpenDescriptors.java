package io.blobstore.contract;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The descriptors that this process has open. Those of the class path do not count, as it is opened bit by bit, nor
 * what the JVM has open for a moment when it looks at its own limits.
 *
 * @param targets what they stand for, and how many of each there are
 */
public record OpenDescriptors(Map<String, Integer> targets) {
    /** What Linux has. */
    public static final Path DIRECTORY = Path.of("/proc/self/fd");

    /** Those of now; none where {@link #DIRECTORY} is missing. */
    public static OpenDescriptors now() throws IOException {
        Map<String, Integer> targets = new TreeMap<>();
        if (!Files.isDirectory(DIRECTORY)) {
            return new OpenDescriptors(targets);
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(DIRECTORY)) {
            for (Path one : all) {
                target(one).filter(OpenDescriptors::counts).ifPresent(target -> targets.merge(target, 1, Integer::sum));
            }
        }
        return new OpenDescriptors(targets);
    }

    private static Optional<String> target(Path descriptor) {
        try {
            return Optional.of(Files.readSymbolicLink(descriptor).toString());
        } catch (IOException closedMeanwhile) {
            return Optional.empty();
        }
    }

    private static boolean counts(String target) {
        return !target.startsWith("/proc/") && !target.startsWith("/sys/") && !target.endsWith(".jar");
    }

    /** How many of them stand for something that is called so, or begins so. */
    public int count(String target) {
        return targets.entrySet().stream()
                .filter(open -> open.getKey().startsWith(target))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    /** Fails if there are more of them now. */
    public void requireNoMore() throws IOException {
        OpenDescriptors now = now();
        int left = now.count("") - count("");
        if (left > 0) {
            throw new AssertionError(left + " descriptors are left: before " + targets + ", now " + now.targets);
        }
    }
}
