package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes the results of the cache's benchmark as Markdown, with a chart of the CPU time. */
final class CacheReport {
    private static final String CHART = "cpu-cache.svg";

    private CacheReport() {}

    /**
     * Writes {@code cache.md} and its chart.
     *
     * @param directory an existing directory
     * @param machine lines of a name and a value, separated by a tab
     */
    static void write(Path directory, List<String> machine, List<ComparisonResult> results, List<Verdict> verdicts)
            throws IOException {
        StringBuilder out = new StringBuilder("# Benchmarks of the cache and of compressed blobs\n\n");
        out.append(MarkdownReport.table(
                List.of("Condition", "Value"),
                machine.stream().map(line -> List.of(line.split("\t", 2))).toList()));
        out.append("\nMedians of all rounds, with the least and the greatest in brackets; the alternatives take turns"
                + " within a round. CPU is the user and system time of the process without its JIT compilers.\n");
        List<BarChart.Bar> bars = new ArrayList<>();
        for (ComparisonResult result : results) {
            out.append("\n## " + result.title() + "\n\n" + result.setting() + "\n\n");
            out.append(MarkdownReport.comparisons(List.of(result)));
            for (ClientResult client : result.clients()) {
                if (result.objects() == 0 && !client.rounds().isEmpty()) {
                    bars.add(new BarChart.Bar(
                            result.title() + ": " + client.title(),
                            client.isSubject() ? "#0b6bcb" : client.isBaseline() ? "#d9822b" : "#a3abb5",
                            result.series(client, Figure.CPU)));
                }
            }
        }
        if (!bars.isEmpty()) {
            Files.writeString(directory.resolve(CHART), BarChart.svg(Figure.CPU.title, bars));
            out.append("\n![CPU seconds per GiB, by operation](" + CHART + ")\n");
        }
        out.append("\n## Thresholds\n\n").append(MarkdownReport.verdicts(verdicts));
        Files.writeString(directory.resolve("cache.md"), out);
    }
}
