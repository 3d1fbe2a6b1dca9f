package io.blobstore.bench;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A part of a report's measurements that is done as a whole, or again. */
sealed interface ReportStep {
    /** Its name, and that of the file of its results. */
    String name();

    /** What is measured, and how. */
    List<String> describe();

    /**
     * Measures.
     *
     * @param results the file to write, as JMH does; what belongs to it goes into the same directory
     * @param out for how far it is
     */
    void run(Path results, PrintWriter out) throws IOException, InterruptedException;

    /**
     * A run of JMH.
     *
     * @param arguments what to run, with which parameters
     */
    record Jmh(String name, List<String> arguments) implements ReportStep {
        /** For the command line's order of things. */
        Jmh(String name, String... arguments) {
            this(name, List.of(arguments));
        }

        @Override
        public List<String> describe() {
            return List.of("JMH, " + String.join(" ", arguments).replace("\\", ""));
        }

        @Override
        public void run(Path results, PrintWriter out) throws IOException, InterruptedException {
            List<String> line = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "org.openjdk.jmh.Main"));
            line.addAll(arguments);
            line.addAll(List.of("-foe", "true", "-rf", "json", "-rff", results.toString()));
            Process jmh = new ProcessBuilder(line).inheritIO().start();
            Thread end = new Thread(() -> {
                jmh.descendants().forEach(ProcessHandle::destroy);
                jmh.destroy();
            });
            Runtime.getRuntime().addShutdownHook(end); // who is ended, leaves nobody behind that goes on measuring
            int exit = jmh.waitFor();
            Runtime.getRuntime().removeShutdownHook(end);
            if (exit != 0) {
                throw new BenchmarkException("JMH ended with " + exit + " at " + name + "; see what it printed");
            }
        }
    }

    /** Comparisons of clients that take turns. */
    record InTurns(String name, Comparison.Pace pace, List<Comparison> comparisons) implements ReportStep {
        @Override
        public List<String> describe() {
            Map<String, String> settings = comparisons.stream()
                    .collect(groupingBy(
                            Comparison::title, LinkedHashMap::new, mapping(Comparison::setting, joining(" / "))));
            List<String> lines = new ArrayList<>();
            settings.forEach((title, each) -> lines.add(title + ": " + each));
            lines.add(pace.describe());
            return lines;
        }

        @Override
        public void run(Path results, PrintWriter out) throws IOException, InterruptedException {
            ReportFiles files = new ReportFiles(results.resolveSibling(""));
            for (Comparison comparison : comparisons) {
                out.println(comparison.describe());
                out.flush();
                comparison.run(pace, files);
            }
            files.write(results);
        }
    }
}
