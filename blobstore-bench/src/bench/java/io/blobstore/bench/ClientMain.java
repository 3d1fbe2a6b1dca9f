package io.blobstore.bench;

import com.sun.management.OperatingSystemMXBean;
import io.blobstore.cli.HeapMeter;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * One contestant in a JVM of its own, so that CPU time, heap and memory are its alone. Says {@code #ready}; then each line of
 * standard input is a number of rounds to make, which are measured as one: {@code #result cpuNanos wallNanos heapBytes
 * heapIsComplete compileMillis}.
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
        try (Contestant contestant = Competitor.valueOf(arguments.get(0)).open(job);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                out.println(measure(contestant, Integer.parseInt(line)));
            }
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0); // some clients leave threads behind
    }

    private static String measure(Contestant contestant, int rounds) throws Exception {
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        HeapMeter heap = HeapMeter.start();
        long compile = ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
        long cpu = process.getProcessCpuTime();
        long wall = System.nanoTime();
        for (int i = 0; i < rounds; i++) {
            contestant.round();
        }
        wall = System.nanoTime() - wall;
        cpu = process.getProcessCpuTime() - cpu;
        compile = ManagementFactory.getCompilationMXBean().getTotalCompilationTime() - compile;
        return "#result " + cpu + " " + wall + " " + heap.bytesAllocated() + " " + heap.isComplete() + " " + compile;
    }
}
