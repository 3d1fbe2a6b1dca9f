package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class MarkdownReportTest {
    @TempDir
    Path directory;

    private static ClientResult client(String name, String title, double... cpuSeconds) {
        List<Measurement> rounds = Arrays.stream(cpuSeconds)
                .mapToObj(cpu -> new Measurement(cpu + 1, 0.5, 1, 2 << 20, true))
                .toList();
        return new ClientResult(name, title, name.startsWith("GCS_") ? "gcs" : "s3", "", rounds, 30, 1, "none");
    }

    private final ComparisonResult upload = new ComparisonResult(
            "Upload over HTTPS",
            "1024 MiB",
            0,
            1024,
            List.of(
                    client("BLOBSTORE", "blobstore", 0.25, 0.3, 0.24),
                    client("HAND_ROLLED", "baseline", 0.2, 0.21, 0.2),
                    client("NETTY_ASYNC", "Netty <async> | \"sliced\"", 0.5, 0.5, 0.5),
                    client("GCS_BLOBSTORE", "blobstore, gs:", 0.24, 0.24, 0.24),
                    ClientResult.failure("CRT_ASYNC", "CRT", "s3", "no library")));

    @Test
    void clientsAreSortedByCpuWithMediansSpreadsAndRatios() {
        assertThat(MarkdownReport.comparisons(List.of(upload))
                        .replaceAll(" +", " ")
                        .lines())
                .containsSubsequence(
                        "| baseline | 2048 | 0.200 (0.200–0.210) | 1.20 (1.20–1.21) | 2.00 | 30.0 | 1.00 |"
                                + " 1.25 (1.20–1.43) |",
                        "| blobstore, gs: | 2048 | 0.240 | 1.24 | 2.00 | 30.0 | 1.20 (1.14–1.20) | 1.00 |",
                        "| blobstore | 2048 | 0.250 (0.240–0.300) | 1.25 (1.24–1.30) | 2.00 | 30.0 |"
                                + " 1.25 (1.20–1.43) | 1.00 |",
                        "| Netty \\<async> \\| \"sliced\" | 2048 | 0.500 | 1.50 | 2.00 | 30.0 | 2.50 (2.38–2.50) |"
                                + " 0.50 (0.48–0.60) |",
                        "| CRT | not measured: no library | | | | | | |");
    }

    @Test
    void smallObjectsAreShownPerOperation() {
        ComparisonResult small = new ComparisonResult(
                "Small objects", "4 KiB", 1024, 4, List.of(client("BLOBSTORE", "blobstore", 1.024)));
        ComparisonResult larger =
                new ComparisonResult("Small objects", "64 KiB", 1024, 64, List.of(client("X", "X", 2.048)));
        assertThat(MarkdownReport.comparisons(List.of(small, larger)).replaceAll(" +", " "))
                .contains("| 4 KiB | blobstore | 2048 | 1000 | 2.00 | | 1.00 |", "| 64 KiB | X | 2048 | 2000 |");
    }

    @Test
    void theReportHasLossesThresholdsAndWellFormedCharts() throws Exception {
        List<Verdict> verdicts = List.of(
                Verdict.atMost("CPU", new Series(List.of(1.13)), "; more", 1.25, "%.2f"),
                Verdict.atMost("Heap", new Series(List.of(9.0)), "", 8, "%.1f"),
                Verdict.open("Memory", "no HTTPS", 8, "%.0f"));
        MarkdownReport.write(directory, List.of("machine\t2 cores"), List.of(upload), verdicts);

        assertThat(Files.readString(directory.resolve("README.md")).replaceAll(" +", " "))
                .contains("| machine | 2 cores |", "## Where other clients use less CPU")
                .contains("| Upload over HTTPS, 1024 MiB | baseline | 1.25 (1.20–1.43) |")
                .contains("| PASS | CPU | 1.13; more | ≤ 1.25 |", "| FAIL | Heap | 9.0 | ≤ 8.0 |")
                .contains("| OPEN | Memory | no HTTPS | ≤ 8 |");
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> charts =
                    files.filter(file -> file.toString().endsWith(".svg")).toList();
            assertThat(charts).hasSize(3);
            for (Path chart : charts) {
                String svg = Files.readString(chart);
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
                assertThat(Files.readString(directory.resolve("README.md"))).contains("](" + chart.getFileName() + ")");
            }
        }
    }

    @Test
    void resultsAreReadAsTheyWereWritten() throws Exception {
        Path file = directory.resolve("result.json");
        ComparisonResult.write(file, List.of(upload));
        assertThat(ComparisonResult.read(file)).containsExactly(upload);
        assertThat(upload.measured("CRT_ASYNC")).isEmpty();
        assertThat(upload.series(upload.clients().get(0), Figure.HEAP).median()).isEqualTo(2);
    }

    @Test
    void theMedianIsTheMiddleOrBetweenTheTwoMiddles() {
        Series odd = new Series(List.of(3.0, 1.0, 8.0));
        assertThat(odd.median()).isEqualTo(3.0);
        assertThat(new Series(List.of(4.0, 1.0, 2.0, 8.0)).median()).isEqualTo(3.0);
        assertThat(odd.over(new Series(List.of(1.0, 2.0, 2.0))).values()).containsExactly(3.0, 0.5, 4.0);
    }
}
