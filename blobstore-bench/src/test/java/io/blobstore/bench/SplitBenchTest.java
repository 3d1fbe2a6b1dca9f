package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.ComparisonResult.Figure;
import io.blobstore.contract.Campaign;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The benchmarks of rows, with little content: they measure, judge and report. */
class SplitBenchTest {
    @TempDir
    Path directory;

    private final StringWriter output = new StringWriter();

    private int run(RowBench bench, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        Path work = Files.createDirectories(directory.resolve("work"));
        all.addAll(List.of("--rounds=1", "--warm-up=0", "--dir=" + work, "--to=" + directory.resolve("to/report")));
        PrintWriter out = new PrintWriter(output);
        int code = new CommandLine(bench)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(out)
                .setErr(out)
                .execute(all.toArray(String[]::new));
        assertThat(work).as(output.toString()).isEmptyDirectory();
        return code;
    }

    @Test
    void oneAndTwoThreadsAreComparedAndReported() throws Exception {
        run(new SplitBench(), "--only=present_one", "--scale=0.004");
        Path to = directory.resolve("to/report");
        assertThat(to.resolve("split.md"))
                .content()
                .contains(
                        "# Benchmarks of split streams",
                        "--only present_one --rounds 1 --warm-up 0 --scale 0.004 --to DIR")
                .doesNotContain(directory.toString())
                .contains("## Split a file of 1 GiB, present", "1 rounds after 0, 0.004 of the content")
                .containsPattern("SplitEngine.split, 2 threads +\\| [0-9.]+")
                .containsPattern("SplitEngine.split, 1 thread +\\| [0-9.]+")
                .containsPattern("(PASS|FAIL) +\\| Split a file of 1 GiB, present: Throughput, MiB/s / baseline's")
                .contains("](time-split.svg)");
        assertThat(to.resolve("time-split.svg")).content().contains("SplitEngine.split, 2 threads");
    }

    @Test
    @Campaign(representedBy = SplitBenchTest.class)
    void everyRowCanBeMeasured() throws Exception {
        run(new SplitBench(), "--scale=0.001");
        assertThat(output.toString()).doesNotContain("failed");
        for (SplitRow row : SplitRow.values()) {
            assertThat(output.toString()).contains(row.title());
        }
        assertThat(output.toString().lines().filter(line -> line.startsWith("| OPEN")))
                .allMatch(line -> line.contains("no cfsctl"));
    }

    @Test
    @Campaign(representedBy = SplitBenchTest.class)
    void theCacheIsMeasuredInTheSameWay() throws Exception {
        run(new CacheBench(), "--only=PUT_SMALL,RANGES_S3");
        assertThat(directory.resolve("to/report/cache.md"))
                .content()
                .containsPattern("ContentCache.put, 32 threads +\\| [0-9.]+")
                .containsPattern("CompressedBlobs, ranges of 64 KiB +\\| [0-9.]+");
    }

    @Test
    void theServerIsMeasuredBesideItsClient() throws Exception {
        run(new ServerBench(), "--only=get_zstd", "--scale=0.004");
        assertThat(directory.resolve("to/report/server.md"))
                .content()
                .contains("server: java -Xmx96m", "storage mode hybrid, durability none")
                .containsPattern("blobstore serve +\\| [0-9.]+")
                .containsPattern("blobstore serve: the client +\\| [0-9.]+")
                .doesNotContain("not measured", directory.toString());
    }

    @Test
    @Campaign(representedBy = SplitBenchTest.class)
    void everyRowOfTheServerCanBeMeasured() throws Exception {
        run(new ServerBench(), "--scale=0.01");
        for (ServerRow row : ServerRow.values()) {
            assertThat(output.toString()).contains(row.title());
        }
        assertThat(output.toString().replaceAll("not measured: there is no zstd on the PATH", ""))
                .doesNotContain("not measured");
    }

    @Test
    void anAlternativeThatFailsIsLeftOut() throws Exception {
        try (Workspace workspace = Workspace.in(directory)) {
            List<ClientResult> results = new RowComparison(
                            new BenchRow.Setting(workspace, 1, 2, 1), workspace.directory(), 0, "")
                    .run(List.of(
                            Alternative.program("fails at once", "false", "true"),
                            Alternative.program("fails later", "mkdir '" + workspace.directory() + "/once'"),
                            Alternative.program("works", "true")));
            assertThat(results).extracting(result -> result.rounds().size()).containsExactly(0, 0, 2);
            assertThat(results.get(0).failure()).startsWith("'false' failed");
            assertThat(results.get(1).failure()).contains("mkdir");
            assertThat(results.get(2).failure()).isEmpty();
        }
    }

    @Test
    void aWrongScaleIsRefused() throws Exception {
        assertThat(run(new SplitBench(), "--scale=2")).isEqualTo(2);
        assertThat(run(new SplitBench(), "--scale=0")).isEqualTo(2);
        assertThat(output.toString()).contains("--scale must be more than 0, and at most 1");
    }

    private static ClientResult client(String name, double... seconds) {
        return new ClientResult(
                name,
                "the " + name,
                "",
                seconds.length == 0 ? "not here" : "",
                Arrays.stream(seconds)
                        .mapToObj(wall -> new Measurement(1, wall, 0, 0, true))
                        .toList(),
                0,
                1,
                "");
    }

    private static Verdict judge(Limit limit, ClientResult... clients) {
        return limit.judge(new ComparisonResult("Row", "", 0, 1024, List.of(clients)));
    }

    @Test
    void limitsAreOfFiguresAndOfRatiosRoundByRound() {
        ClientResult ours = client("BLOBSTORE", 1, 2, 4);
        ClientResult other = client("other", 2, 3, 10);
        assertThat(judge(Limit.faster("other", 2), ours, other))
                .isEqualTo(new Verdict("PASS", "Row: Throughput, MiB/s / the other", "2.00 (1.50–2.50)", "≥ 2.00"));
        assertThat(judge(Limit.faster("other", 2.1), ours, other).isMet()).isFalse();
        assertThat(judge(Limit.most(Figure.TIME, 2), ours).isMet()).isTrue();
        assertThat(judge(Limit.most(Figure.TIME, 1.9), ours).isMet()).isFalse();
        assertThat(judge(new Limit(Figure.TIME, "other", "BLOBSTORE", false, 2), ours, other)
                        .what())
                .isEqualTo("Row: Time, s/GiB, the other / the BLOBSTORE");
    }

    @Test
    void aLimitThatCannotBeJudgedIsOpen() {
        assertThat(judge(Limit.faster("other", 2), client("BLOBSTORE", 1), client("other")))
                .isEqualTo(
                        new Verdict("OPEN", "Row: Throughput, MiB/s / the other", "not measured: not here", "≥ 2.00"));
        assertThat(judge(Limit.ratio(Figure.CPU, 2), client("BLOBSTORE", 1)))
                .isEqualTo(new Verdict("OPEN", "Row: CPU, s/GiB / baseline's", "not measured", "≤ 2.00"));
    }
}
