package io.blobstore.bench;

import com.sun.management.OperatingSystemMXBean;
import io.blobstore.cli.HeapMeter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * One contestant in a JVM of its own, so that CPU time, heap and memory are its alone. Says {@code #ready}; then each
 * line of standard input is
 *
 * <ul>
 *   <li>a number of rounds to make, which are measured as one: {@code #result cpuNanos wallNanos heapBytes
 *       heapIsComplete compilerNanos collections nanos:count...};
 *   <li>a duration and another job, to be done for that long by another contestant of the same kind, so that what both
 *       have in common is compiled then: {@code #rehearsed rounds};
 *   <li>or {@code rest}: {@code #rested} when its compilers do.
 * </ul>
 */
final class ClientMain {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /**
     * Of resting: between looks, what may be used between them, which is a tick of the clock, and how long it is waited
     * for.
     */
    private static final Duration LOOK = Duration.ofMillis(250);

    private static final Duration QUIET = Duration.ofMillis(10);
    private static final Duration MOST_REST = Duration.ofSeconds(10);

    private ClientMain() {}

    /**
     * Runs it until its standard input ends.
     *
     * @param args the competitor, and the job
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // what a library prints is no part of the protocol
        List<String> arguments = Arrays.asList(args);
        TransferSpec job = TransferSpec.ofArguments(arguments.subList(1, arguments.size()));
        Competitor competitor = Competitor.valueOf(arguments.get(0));
        try (BenchmarkClient contestant = competitor.open(job);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                out.println(answer(line, competitor, contestant));
            }
        } catch (BenchmarkException e) { // it says all there is to say
            out.println("#" + e.getMessage());
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0); // some clients leave threads behind
    }

    private static String answer(String line, Competitor competitor, BenchmarkClient contestant) throws Exception {
        List<String> words = Arrays.asList(line.split(" "));
        if (words.size() > 1) {
            return rehearse(competitor, words.get(0), words.subList(1, words.size()));
        }
        if (line.equals("rest")) {
            rest();
            return "#rested";
        }
        return measure(contestant, Integer.parseInt(line));
    }

    /**
     * Does nothing until nothing is done: what waits for the compilers is compiled sooner now than beside the work.
     * Looks at the CPU time, as the compilers' own clock stands still during a long compilation.
     */
    private static void rest() throws InterruptedException {
        long deadline = System.nanoTime() + MOST_REST.toNanos();
        long before;
        long after = PROCESS.getProcessCpuTime();
        do {
            before = after;
            Thread.sleep(LOOK.toMillis());
            after = PROCESS.getProcessCpuTime();
        } while (after - before > QUIET.toNanos() && System.nanoTime() - deadline < 0);
    }

    private static String rehearse(Competitor competitor, String duration, List<String> job) throws Exception {
        int rounds = 0;
        long start = System.nanoTime();
        try (BenchmarkClient contestant = competitor.open(TransferSpec.ofArguments(job))) {
            for (; System.nanoTime() - start < Duration.parse(duration).toNanos(); rounds++) {
                contestant.round();
            }
        } catch (BenchmarkException e) {
            // it does not work with so little
        }
        return "#rehearsed " + rounds;
    }

    private static String measure(BenchmarkClient contestant, int rounds) throws Exception {
        contestant.takeLatencies();
        long compile = CompilerThreads.cpuNanos(); // it allocates
        HeapMeter heap = HeapMeter.start();
        long collections = GarbageCollections.count();
        long cpu = PROCESS.getProcessCpuTime();
        long wall = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            contestant.round();
        }
        wall = System.nanoTime() - wall;
        cpu = PROCESS.getProcessCpuTime() - cpu;
        long bytes = heap.bytesAllocated();
        collections = GarbageCollections.count() - collections;
        compile = CompilerThreads.cpuNanos() - compile;
        return ("#result " + cpu + " " + wall + " " + bytes + " " + heap.isComplete() + " " + compile + " "
                        + collections + " " + contestant.takeLatencies())
                .strip();
    }
}
