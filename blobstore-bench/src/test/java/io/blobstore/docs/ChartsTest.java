package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The charts of clients show figures of the report beside them, and only of clients that are still measured. */
class ChartsTest {
    private static final Page REPORT = Page.of("docs/benchmarks/README.md");

    /** A bar: its label, and the median at its end. */
    private static final Pattern BAR = Pattern.compile("text-anchor=\"end\"[^>]*>([^<]+)</text>.*>([^<]+)</text>");

    @Test
    void eachBarIsAFigureOfTheReport() throws IOException {
        List<Path> charts = charts();
        assertThat(charts).hasSizeGreaterThanOrEqualTo(5);
        for (Path chart : charts) {
            List<MatchResult> bars =
                    BAR.matcher(Files.readString(chart)).results().toList();
            assertThat(bars).as(chart.toString()).hasSizeGreaterThan(2);
            for (MatchResult bar : bars) {
                assertThat(REPORT.text().lines())
                        .as("%s in %s: a row of %s", bar.group(1), chart.getFileName(), REPORT)
                        .anyMatch(row -> isRow(row.replace("**", ""), bar.group(1), bar.group(2)));
            }
        }
    }

    /** Clients that are marked † are not measured any more. */
    private static boolean isRow(String row, String client, String median) {
        return row.startsWith("| " + client + " | ") && row.contains("| " + median + " ");
    }

    private static List<Path> charts() throws IOException {
        try (Stream<Path> files = Files.list(Page.ROOT.resolve("docs/benchmarks"))) {
            return files.filter(file -> file.getFileName().toString().matches("(cpu|heap)-(upload|read|download).*svg"))
                    .sorted()
                    .toList();
        }
    }
}
