package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the results of a benchmark of rows as Markdown, with a chart.
 *
 * @param name the name of the file, without its ending
 * @param chart the name of the file with the chart
 * @param charted the figure that it shows
 */
record RowReport(String title, String name, String chart, Figure charted) {
    /**
     * Writes the file and its chart.
     *
     * @param directory is created if it does not exist
     * @param command the command that measured it
     * @param machine lines of a name and a value, separated by a tab
     * @param overview a table of all results, or empty
     */
    void write(Path directory, String command, List<String> machine, String overview, List<BenchRow.Result> results)
            throws IOException {
        Files.createDirectories(directory);
        StringBuilder out = new StringBuilder("# " + title + "\n\n");
        out.append(MarkdownReport.table(
                List.of("Condition", "Value"),
                machine.stream().map(line -> List.of(line.split("\t", 2))).toList()));
        out.append("\nWritten by `" + command + "`. Medians of all rounds, with the least and the greatest in brackets;"
                + " the alternatives take turns within a round. CPU is the user and system time of the process without"
                + " its JIT compilers. Memory is the peak of the anonymous memory of the process, where it was"
                + " observed.\n");
        if (!overview.isEmpty()) {
            out.append("\n## Overview\n\n" + overview);
        }
        for (BenchRow.Result result : results) {
            out.append("\n## " + result.title() + "\n\n" + result.setting() + "\n\n" + result.table());
        }
        List<BarChart.Bar> bars =
                results.stream().flatMap(result -> result.bars().stream()).toList();
        if (!bars.isEmpty()) {
            Files.writeString(directory.resolve(chart), BarChart.svg(charted.title, bars));
            out.append("\n![" + charted.title + ", by operation](" + chart + ")\n");
        }
        out.append("\n## Thresholds\n\n")
                .append(MarkdownReport.verdicts(results.stream()
                        .flatMap(result -> result.verdicts().stream())
                        .toList()));
        Files.writeString(directory.resolve(name + ".md"), out);
    }
}
