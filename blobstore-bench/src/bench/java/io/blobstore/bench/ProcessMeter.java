package io.blobstore.bench;

import com.sun.management.OperatingSystemMXBean;
import io.blobstore.cli.HeapMeter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Measures what this process uses while it works. */
final class ProcessMeter {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final Path THIS = Path.of("/proc/self");

    /** The common part of the names of C1's and C2's threads, which the kernel truncates. */
    private static final String COMPILER = "CompilerThre";

    private ProcessMeter() {}

    /** Work to be measured. */
    interface Work {
        void run() throws Exception;
    }

    /** Returns the CPU time of this process in nanoseconds. */
    static long cpuNanos() {
        return PROCESS.getProcessCpuTime();
    }

    /** Measures work; the result is what {@link Measurement#parse} reads. */
    static String measure(Work work) throws Exception {
        long compilers = compilerNanos(); // allocates
        HeapMeter heap = HeapMeter.start();
        long cpu = cpuNanos();
        long wall = System.nanoTime();
        work.run();
        wall = System.nanoTime() - wall;
        cpu = cpuNanos() - cpu;
        long bytes = heap.bytesAllocated();
        compilers = compilerNanos() - compilers;
        return cpu + " " + wall + " " + compilers + " " + bytes + " " + heap.isComplete();
    }

    /**
     * Returns the CPU time of the JIT compiler threads in nanoseconds, as counted by the scheduler; on systems other
     * than Linux, the elapsed time of all compilations.
     */
    private static long compilerNanos() throws IOException {
        return Files.isDirectory(THIS)
                ? compilerNanos(THIS)
                : TimeUnit.MILLISECONDS.toNanos(
                        ManagementFactory.getCompilationMXBean().getTotalCompilationTime());
    }

    /**
     * Returns the CPU time of another process so far. It is counted in ticks, of which there are usually 100 in a
     * second; what its JIT compilers have used is known on Linux only.
     */
    static Usage usage(ProcessHandle process) throws IOException {
        Path directory = Path.of("/proc", Long.toString(process.pid()));
        long all = process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
        return new Usage(all, Files.isDirectory(directory) ? compilerNanos(directory) : 0);
    }

    /**
     * What a process has used.
     *
     * @param compilerNanos the part of the JIT compilers
     */
    record Usage(long cpuNanos, long compilerNanos) {}

    private static long compilerNanos(Path process) throws IOException {
        long nanos = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(process.resolve("task"))) {
            for (Path task : tasks) {
                nanos += compilerNanosOfThread(task);
            }
        }
        return nanos;
    }

    private static long compilerNanosOfThread(Path task) throws IOException {
        try {
            return Files.readString(task.resolve("comm")).contains(COMPILER)
                    ? Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0])
                    : 0;
        } catch (IOException e) {
            if (e instanceof NoSuchFileException || "No such process".equals(e.getMessage())) {
                return 0; // a thread that has ended
            }
            throw e;
        }
    }
}
