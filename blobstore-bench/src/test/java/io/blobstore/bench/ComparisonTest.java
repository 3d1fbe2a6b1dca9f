package io.blobstore.bench;

import static io.blobstore.bench.Competitor.APACHE_SYNC;
import static io.blobstore.bench.Competitor.BLOBSTORE;
import static io.blobstore.bench.Competitor.GCS_BLOBSTORE;
import static io.blobstore.bench.Competitor.HAND_ROLLED;
import static io.blobstore.bench.Competitor.SENDFILE;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.Scenario.Direction;
import io.blobstore.bench.report.BenchmarkReport;
import io.blobstore.bench.report.Figure;
import io.blobstore.bench.report.Results;
import io.blobstore.bench.report.Transfer;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients in processes of their own take turns, and a report is made of it. */
@Tag("one-jdk")
class ComparisonTest {
    private static final int ROUNDS = 2;
    private static final int PART = 5 << 20;
    private static final Comparison.Pace PACE =
            new Comparison.Pace(new WarmUp(Duration.ofMillis(50), Duration.ZERO, Duration.ofMillis(1)), ROUNDS, 0.2);

    @TempDir
    Path directory;

    @BeforeEach
    void describe() throws Exception {
        Files.writeString(directory.resolve("environment.txt"), "machine\tthis\n");
    }

    private String report(Comparison... comparisons) throws Exception {
        new ReportStep.InTurns("step", PACE, List.of(comparisons))
                .run(directory.resolve("step.json"), new PrintWriter(Writer.nullWriter()));
        Path target = directory.resolve("report");
        BenchmarkReport.write(
                Results.read(directory),
                target,
                client -> Competitor.valueOf(client).title,
                List.of(),
                LocalDate.EPOCH);
        return Files.readString(target.resolve("README.md"));
    }

    @Test
    void transfersAreMeasuredRoundByRoundAndWhoCannotRunIsThere() throws Exception {
        String report = report(new Comparison(
                ReportPlan.UPLOAD,
                Direction.UPLOAD,
                true,
                16 << 20,
                PART,
                2,
                List.of(BLOBSTORE, SENDFILE, GCS_BLOBSTORE, HAND_ROLLED)));

        assertThat(report)
                .contains("### HTTPS, S3, 16 MiB, parts of 5 MiB, 2 at once", "| **blobstore** |", "| hand-rolled loop")
                .contains("### HTTPS, Cloud Storage, 16 MiB, parts of 5 MiB, 2 at once", "| **blobstore, gs:** |")
                .contains("did not run: the kernel sends files, and as they are: uploads over HTTP only")
                .contains("of 1 pairs of clients are in this order in each of the " + ROUNDS + " rounds")
                .contains("### Upload, HTTPS, S3\n");
        List<Transfer> transfers = Results.read(directory).transfers();
        assertThat(transfers).extracting(Transfer::client).containsExactly("BLOBSTORE", "GCS_BLOBSTORE", "HAND_ROLLED");
        for (Transfer transfer : transfers) {
            for (Figure figure : List.of(Figure.THROUGHPUT, Figure.CPU, Figure.HEAP, Figure.COMPILERS)) {
                assertThat(transfer.series(figure).orElseThrow().groups()).hasSize(ROUNDS);
            }
            assertThat(transfer.series(Figure.CPU).orElseThrow().min()).isPositive();
            assertThat(transfer.series(Figure.MEMORY).orElseThrow().min()).isPositive();
        }
    }

    @Test
    void smallObjectsHaveLatencies() throws Exception {
        List<Competitor> clients = List.of(BLOBSTORE, APACHE_SYNC);
        String report = report(
                new Comparison("SmallObjectsBenchmark.put", Direction.PUT, false, 4096, 4096, 4, clients),
                new Comparison("SmallObjectsBenchmark.get", Direction.GET, false, 4096, 4096, 4, clients));

        for (String moved : List.of("put", "get")) {
            assertThat(report)
                    .containsPattern(
                            "### " + moved
                                    + ", HTTP, S3, 4 KiB, threads 4\n+[^#]*\\| \\*\\*blobstore\\*\\* \\|( \\*\\*[0-9.]+[^|]*\\|){7} \\*\\*–");
        }
        assertThat(report).contains("| S3Client/Apache 5, streamed, CRC32C |").doesNotContain("did not run");
    }
}
