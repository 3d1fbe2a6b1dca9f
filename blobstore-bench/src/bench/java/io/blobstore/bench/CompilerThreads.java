package io.blobstore.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Those of this JVM's compilers. */
final class CompilerThreads {
    private static final Path TASKS = Path.of("/proc/self/task");

    /** In the names of C1's and C2's, which the kernel cuts. */
    private static final String NAME = "CompilerThre";

    private CompilerThreads() {}

    /**
     * The nanoseconds of CPU time that they took so far, by the scheduler's account; elsewhere than on Linux, those
     * that compilations lasted.
     */
    static long cpuNanos() throws IOException {
        if (!Files.isDirectory(TASKS)) {
            return TimeUnit.MILLISECONDS.toNanos(
                    ManagementFactory.getCompilationMXBean().getTotalCompilationTime());
        }
        long nanos = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                nanos += cpuNanos(task);
            }
        }
        return nanos;
    }

    private static long cpuNanos(Path task) throws IOException {
        try {
            return Files.readString(task.resolve("comm")).contains(NAME)
                    ? Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0])
                    : 0;
        } catch (NoSuchFileException e) { // some other thread, that has ended
            return 0;
        }
    }
}
