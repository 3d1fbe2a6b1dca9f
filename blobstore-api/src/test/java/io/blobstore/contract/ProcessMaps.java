package io.blobstore.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** The operating system's list of this process's mappings, to verify that a file was, or was not, unmapped. */
public final class ProcessMaps {
    /** The list on Linux, with a line for each mapping. */
    static final Path MAPS = Path.of("/proc/self/maps");

    /** The suffix that the kernel adds to the name of a deleted file. */
    static final String DELETED = " (deleted)";

    private ProcessMaps() {}

    /** Returns whether this process has a mapping of the file. */
    public static boolean contains(Path file) {
        String path = file.toAbsolutePath().toString();
        try (Stream<String> lines = Files.lines(MAPS)) {
            return lines.anyMatch(line -> line.endsWith(path) || line.endsWith(path + DELETED));
        } catch (IOException e) {
            throw new AssertionError("cannot read " + MAPS, e);
        }
    }

    /** Skips the test if the operating system has no such list. */
    public static void assumeReadable() {
        assumeTrue(Files.isReadable(MAPS), "only Linux has " + MAPS);
    }

    /**
     * Collects garbage until a condition holds, a bounded number of times.
     *
     * @return whether the condition holds
     */
    public static boolean collectUntil(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            if (condition.getAsBoolean()) {
                return true;
            }
            // The thread that runs cleaners also enqueues the canary's reference: waiting for it gives them time.
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            PhantomReference<Object> canary = new PhantomReference<>(new Object(), queue);
            System.gc();
            if (queue.remove(1_000) == canary) {
                canary.clear();
            }
        }
        return condition.getAsBoolean();
    }
}
