package io.blobstore.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** What the operating system says is mapped into this process: the proof that something was, or was not, unmapped. */
public final class ProcessMaps {
    /** What Linux has, a line for each mapping. */
    static final Path MAPS = Path.of("/proc/self/maps");

    /** What the kernel adds to the name of a file that is gone. */
    static final String DELETED = " (deleted)";

    private ProcessMaps() {}

    /** Whether this process has a mapping of the file. */
    public static boolean contains(Path file) {
        String path = file.toAbsolutePath().toString();
        try (Stream<String> lines = Files.lines(MAPS)) {
            return lines.anyMatch(line -> line.endsWith(path) || line.endsWith(path + DELETED));
        } catch (IOException e) {
            throw new AssertionError("cannot read " + MAPS, e);
        }
    }

    /** Skips the test where the operating system does not tell. */
    public static void assumeReadable() {
        assumeTrue(Files.isReadable(MAPS), "only Linux has " + MAPS);
    }

    /**
     * Collects garbage until something becomes true, a bounded number of times.
     *
     * @return whether it did
     */
    public static boolean collectUntil(BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            if (condition.getAsBoolean()) {
                return true;
            }
            // The canary's reference is enqueued by the same thread that runs cleaners: waiting for it gives them time.
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
