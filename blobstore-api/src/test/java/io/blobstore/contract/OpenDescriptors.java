package io.blobstore.contract;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The open descriptors of this process, except those of the class path, which is opened lazily, and those of files that
 * the JVM opens briefly to read its own limits.
 *
 * @param targets the targets of the descriptors, with the number of descriptors of each
 */
public record OpenDescriptors(Map<String, Integer> targets) {
    /** The directory of descriptors on Linux. */
    public static final Path DIRECTORY = Path.of("/proc/self/fd");

    /** Returns the current descriptors; none if {@link #DIRECTORY} is missing. */
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

    /** Returns the number of descriptors whose targets begin with this text. */
    public int count(String target) {
        return targets.entrySet().stream()
                .filter(open -> open.getKey().startsWith(target))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    /** Fails if more descriptors are open now. */
    public void requireNoMore() throws IOException {
        OpenDescriptors now = now();
        int left = now.count("") - count("");
        if (left > 0) {
            throw new AssertionError(left + " descriptors leaked: before " + targets + ", now " + now.targets);
        }
    }
}
