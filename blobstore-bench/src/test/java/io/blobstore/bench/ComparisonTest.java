package io.blobstore.bench;

import static io.blobstore.bench.ClientType.APACHE_SYNC;
import static io.blobstore.bench.ClientType.BLOBSTORE;
import static io.blobstore.bench.ClientType.HAND_ROLLED;
import static io.blobstore.bench.ClientType.SENDFILE;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients in child processes take turns, and a report is written from the results. */
class ComparisonTest {
    private static final int ROUNDS = 2;
    private static final Comparison.Pace PACE =
            new Comparison.Pace(new WarmUp(Duration.ofMillis(50), Duration.ZERO, Duration.ofMillis(1)), ROUNDS, 0, 0.1);

    @TempDir
    Path directory;

    private String report(Comparison... comparisons) throws Exception {
        ReportRun run = new ReportRun(directory, List.of(new Plan.Step("step", PACE, List.of(comparisons))));
        run.measure(new PrintWriter(Writer.nullWriter()));
        run.write(directory);
        return Files.readString(directory.resolve("README.md"));
    }

    @Test
    void transfersAreMeasuredRoundByRoundAndFailuresAreShown() throws Exception {
        String report = report(Plan.comparison(
                Operation.UPLOAD, Transport.HTTPS, 16 << 20, 5 << 20, 2, BLOBSTORE, SENDFILE, HAND_ROLLED));

        assertThat(report)
                .contains("## Upload over HTTPS", "16 MiB, parts of 5 MiB, 2 concurrent")
                .containsPattern("\\| sendfile, no checksum +\\| not measured: the kernel sends files unchanged")
                .containsPattern(
                        "Upload over HTTPS: CPU, s/GiB, blobstore / hand-written baseline, CRC32C +\\| [0-9.]+")
                .containsPattern("OPEN +\\| Upload over HTTPS: .*/ S3TransferManager/CRT +\\| not measured")
                .contains("](cpu-upload-https-s3.svg)");
        assertThat(directory.resolve("cpu-upload-https-s3.svg")).content().contains(">blobstore<");
        ComparisonResult result =
                ComparisonResult.read(directory.resolve("step.json")).get(0);
        for (ClientType type : List.of(BLOBSTORE, HAND_ROLLED)) {
            ClientResult client = result.measured(type.name()).orElseThrow();
            assertThat(client.rounds()).hasSize(ROUNDS).allSatisfy(round -> {
                assertThat(round.steadyCpuSeconds()).isPositive();
                assertThat(round.heapBytes()).isPositive();
            });
            // The baseline needs hardly any, and its JVM may return what it used for compilation before.
            assertThat(client.memoryMib()).isGreaterThanOrEqualTo(type == BLOBSTORE ? 1.0 : 0.0);
            assertThat(client.security()).startsWith("TLSv1.3 ");
        }
    }

    @Test
    @Campaign(representedBy = ComparisonTest.class)
    void smallObjectsAreCountedPerSecond() throws Exception {
        assertThat(report(
                        Plan.comparison(Operation.PUT, Transport.HTTP, 4096, 4096, 4, BLOBSTORE, APACHE_SYNC),
                        Plan.comparison(Operation.GET, Transport.HTTP, 4096, 4096, 4, BLOBSTORE, APACHE_SYNC)))
                .contains("## Small objects, put over HTTP", "## Small objects, get over HTTP", "4 KiB, 4 concurrent")
                .containsPattern("\\| blobstore +\\| [0-9.]+")
                .doesNotContain("not measured");
    }

    private String run(Plan.Suite suite, String options) {
        StringWriter out = new StringWriter();
        ComparisonBench.of(suite)
                .setOut(new PrintWriter(out))
                .execute((options + " --rounds=1 --dir=" + directory).split(" "));
        assertThat(directory).isEmptyDirectory();
        return out.toString();
    }

    @Test
    void theS3CommandMeasuresTheBaselineAndCleansUp() {
        assertThat(run(Plan.S3, "--http --mib=16 --warm-up=0 --repeats=2 --only=HAND_ROLLED"))
                .contains("Upload over HTTP: 16 MiB, parts of 8 MiB, 4 concurrent")
                .containsPattern("\\| hand-written baseline, CRC32C +\\| [0-9.]+");
    }

    @Test
    @Campaign(representedBy = ComparisonTest.class)
    void theOtherComparisonsOfTheS3CommandRun() {
        assertThat(run(Plan.S3, "--https --read --download --mib=16 --warm-up=0 --only=HAND_ROLLED"))
                .contains("Read into memory over HTTP", "Download into a new file over HTTP")
                .contains("hand-written baseline, CRC32C: TLSv1.3 TLS_AES_128_GCM_SHA256")
                .doesNotContain("not measured");
    }

    @Test
    @Campaign(representedBy = ComparisonTest.class)
    void theGcsCommandMeasuresCompositeUploads() {
        assertThat(run(Plan.GCS, "--http --mib=22 --part-mib=5 --warm-up=0 --only=GCS_TRANSFER_MANAGER"))
                .containsPattern("\\| TransferManager, in parts +\\| [0-9.]+");
        assertThat(run(Plan.GCS, "--http --mib=20 --part-mib=5 --warm-up=0 --only=GCS_TRANSFER_MANAGER"))
                .containsPattern("\\| TransferManager, in parts +\\| not measured: uploads in parts only if");
    }

    @Test
    void aWrongSizeIsRefused() {
        StringWriter err = new StringWriter();
        int code = ComparisonBench.of(Plan.S3).setErr(new PrintWriter(err)).execute("--mib=1025");
        assertThat(code).isEqualTo(2);
        assertThat(err.toString()).contains("--mib must be 1 to 1024");
    }

    @Test
    void warmUpLastsUntilTheCompilersAreIdleButNotForEver() {
        WarmUp warmUp = WarmUp.ofSeconds(0, 10, 30);
        Measurement busy = new Measurement(2, 2, 0.06, 0, true);
        Measurement idle = new Measurement(2, 2, 0.02, 0, true);
        assertThat(warmUp.isOver(9, idle)).isFalse();
        assertThat(warmUp.isOver(10, busy)).isFalse();
        assertThat(warmUp.isOver(10, idle)).isTrue();
        assertThat(warmUp.isOver(29, busy)).isFalse();
        assertThat(warmUp.isOver(30, busy)).isTrue();
        assertThat(WarmUp.ofSeconds(0)).isEqualTo(WarmUp.ofSeconds(0, 0, 0));
        assertThat(WarmUp.ofSeconds(5)).isEqualTo(WarmUp.ofSeconds(5, 5, 65));
    }
}
