package io.blobstore.bench;

import com.sun.management.OperatingSystemMXBean;
import io.blobstore.cli.HeapMeter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A client in a JVM of its own, so that CPU time, heap and memory of the process are the client's. Prints
 * {@code #ready}; then each line of standard input is one of
 *
 * <ul>
 *   <li>a number of rounds, which are measured as one: {@code #result} and the {@link Measurement};
 *   <li>a duration and the arguments of another transfer, which is repeated for that time by another client of this
 *       type, to compile the common code: {@code #rehearsed};
 *   <li>{@code rest}: {@code #rested} when the JIT compilers are idle.
 * </ul>
 */
final class ClientMain {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** The interval between checks whether the process is idle. */
    private static final Duration CHECK = Duration.ofMillis(250);

    /** The CPU time of an idle process between two checks: one tick of the clock. */
    private static final Duration IDLE_CPU = Duration.ofMillis(10);

    private static final Duration MAX_REST = Duration.ofSeconds(10);

    private static final Path TASKS = Path.of("/proc/self/task");

    /** The common part of the names of C1's and C2's threads, which the kernel truncates. */
    private static final String COMPILER = "CompilerThre";

    private ClientMain() {}

    /**
     * Runs a client until standard input ends.
     *
     * @param args the name of a {@link ClientType} and the arguments of a {@link TransferSpec}
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // output of libraries is not part of the protocol
        List<String> arguments = Arrays.asList(args);
        ClientType type = ClientType.valueOf(arguments.get(0));
        TransferSpec spec = TransferSpec.ofArguments(arguments.subList(1, arguments.size()));
        try (BenchmarkClient client = type.open(spec);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                out.println(answer(line, type, client));
            }
        } catch (BenchmarkException e) { // its message says everything
            out.println("#" + e.getMessage());
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0); // some clients leave threads running
    }

    private static String answer(String line, ClientType type, BenchmarkClient client) throws Exception {
        List<String> words = Arrays.asList(line.split(" "));
        if (line.equals("rest")) {
            rest();
            return "#rested";
        } else if (words.size() > 1) {
            rehearse(type, Duration.parse(words.get(0)), TransferSpec.ofArguments(words.subList(1, words.size())));
            return "#rehearsed";
        }
        return "#result " + measure(client, Integer.parseInt(line));
    }

    /**
     * Waits until the process is idle, so that methods queued for compilation are not compiled during a measurement. It
     * checks the CPU time, as the compilers' own clock does not advance during a long compilation.
     */
    private static void rest() throws InterruptedException {
        long deadline = System.nanoTime() + MAX_REST.toNanos();
        long before;
        long after = PROCESS.getProcessCpuTime();
        do {
            before = after;
            Thread.sleep(CHECK.toMillis());
            after = PROCESS.getProcessCpuTime();
        } while (after - before > IDLE_CPU.toNanos() && System.nanoTime() - deadline < 0);
    }

    private static void rehearse(ClientType type, Duration duration, TransferSpec spec) throws Exception {
        long start = System.nanoTime();
        try (BenchmarkClient client = type.open(spec)) {
            while (System.nanoTime() - start < duration.toNanos()) {
                client.round();
            }
        } catch (BenchmarkException e) {
            // the client does not support so little content
        }
    }

    private static String measure(BenchmarkClient client, int rounds) throws Exception {
        long compilers = compilerNanos(); // allocates
        HeapMeter heap = HeapMeter.start();
        long cpu = PROCESS.getProcessCpuTime();
        long wall = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            client.round();
        }
        wall = System.nanoTime() - wall;
        cpu = PROCESS.getProcessCpuTime() - cpu;
        long bytes = heap.bytesAllocated();
        compilers = compilerNanos() - compilers;
        return cpu + " " + wall + " " + compilers + " " + bytes + " " + heap.isComplete();
    }

    /**
     * Returns the CPU time of the JIT compiler threads in nanoseconds, as counted by the scheduler; on systems other
     * than Linux, the elapsed time of all compilations.
     */
    private static long compilerNanos() throws IOException {
        if (!Files.isDirectory(TASKS)) {
            return TimeUnit.MILLISECONDS.toNanos(
                    ManagementFactory.getCompilationMXBean().getTotalCompilationTime());
        }
        long nanos = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                nanos += compilerNanos(task);
            }
        }
        return nanos;
    }

    private static long compilerNanos(Path task) throws IOException {
        try {
            return Files.readString(task.resolve("comm")).contains(COMPILER)
                    ? Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0])
                    : 0;
        } catch (NoSuchFileException e) { // a thread that has ended
            return 0;
        }
    }
}
