package io.blobstore.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The JIT compiler threads of this JVM. */
final class CompilerThreads {
    private static final Path TASKS = Path.of("/proc/self/task");

    /** The common part of the names of C1's and C2's threads, which the kernel truncates. */
    private static final String NAME = "CompilerThre";

    private CompilerThreads() {}

    /**
     * Returns the CPU time of these threads in nanoseconds, as counted by the scheduler; on systems other than Linux,
     * the elapsed time of all compilations.
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
        } catch (NoSuchFileException e) { // a thread that has ended
            return 0;
        }
    }
}
