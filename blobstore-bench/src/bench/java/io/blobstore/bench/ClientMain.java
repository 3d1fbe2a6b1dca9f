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
 * One contestant in a JVM of its own, so that CPU time, heap and memory are its alone. Says {@code #ready}; then each line of
 * standard input is a number of rounds to make, which are measured as one: {@code #result cpuNanos wallNanos heapBytes
 * heapIsComplete compileMillis collections nanos:count...}; or a duration and another job, to be done for that long by another contestant of
 * the same kind, with everything around it compiled then: {@code #rehearsed rounds}.
 */
final class ClientMain {
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
        Job job = Job.ofArguments(arguments.subList(1, arguments.size()));
        Competitor competitor = Competitor.valueOf(arguments.get(0));
        try (Contestant contestant = competitor.open(job);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                List<String> words = Arrays.asList(line.split(" "));
                out.println(
                        words.size() == 1
                                ? measure(contestant, Integer.parseInt(line))
                                : rehearse(competitor, words.get(0), words.subList(1, words.size())));
            }
        } catch (BenchmarkException e) { // it says all there is to say
            out.println("#" + e.getMessage());
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0); // some clients leave threads behind
    }

    private static String rehearse(Competitor competitor, String duration, List<String> job) throws Exception {
        int rounds = 0;
        long start = System.nanoTime();
        try (Contestant contestant = competitor.open(Job.ofArguments(job))) {
            for (; System.nanoTime() - start < Duration.parse(duration).toNanos(); rounds++) {
                contestant.round();
            }
        } catch (BenchmarkException e) {
            // it does not work with so little
        }
        return "#rehearsed " + rounds;
    }

    private static String measure(Contestant contestant, int rounds) throws Exception {
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        contestant.takeLatencies();
        HeapMeter heap = HeapMeter.start();
        long collections = GarbageCollections.count();
        long compile = ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
        long cpu = process.getProcessCpuTime();
        long wall = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            contestant.round();
        }
        wall = System.nanoTime() - wall;
        cpu = process.getProcessCpuTime() - cpu;
        compile = ManagementFactory.getCompilationMXBean().getTotalCompilationTime() - compile;
        long bytes = heap.bytesAllocated();
        collections = GarbageCollections.count() - collections;
        return ("#result " + cpu + " " + wall + " " + bytes + " " + heap.isComplete() + " " + compile + " "
                        + collections + " " + contestant.takeLatencies())
                .strip();
    }
}
