package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs of steps whose comparisons have no clients. */
class ReportRunTest {
    @TempDir
    Path parent;

    private Path results;

    @BeforeEach
    void resolve() {
        results = parent.resolve("results");
    }

    private static Plan.Step step(String name, int rounds) {
        Comparison nothing = Plan.comparison(Operation.UPLOAD, Transport.HTTP, 5 << 20, 5 << 20, 1);
        return new Plan.Step(name, new Comparison.Pace(WarmUp.ofSeconds(0), rounds, 0, 1), List.of(nothing));
    }

    private String measure(Plan.Step... steps) throws Exception {
        StringWriter out = new StringWriter();
        new ReportRun(results, List.of(steps)).measure(new PrintWriter(out));
        return out.toString();
    }

    @Test
    void anInterruptedRunContinuesWithMissingSteps() throws Exception {
        assertThat(measure(step("a", 1), step("b", 1))).contains("== a, 1 of 2", "== b, 2 of 2");
        Files.writeString(results.resolve("a.json"), "kept");
        Files.delete(results.resolve("b.json"));
        assertThat(measure(step("a", 1), step("b", 1))).contains("== b, 2 of 2").doesNotContain("== a");
        assertThat(results.resolve("a.json")).hasContent("kept");
        assertThat(results.resolve("b.json")).isNotEmptyFile();
    }

    @Test
    void resultsOfAnotherPlanAreRefused() throws Exception {
        measure(step("a", 1));
        measure(step("a", 1));
        assertThatExceptionOfType(BenchmarkException.class)
                .isThrownBy(() -> measure(step("a", 2)))
                .withMessageContaining("2 rounds");
    }

    @Test
    void concurrentRunsAreRefused() throws Exception {
        Files.createDirectories(results);
        try (FileChannel other =
                        FileChannel.open(results.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = other.lock()) {
            assertThatExceptionOfType(BenchmarkException.class)
                    .isThrownBy(() -> measure(step("a", 1)))
                    .withMessageContaining("another run is measuring into");
            assertThat(held.isValid()).isTrue();
        }
        assertThat(results.resolve("a.json")).doesNotExist();
        assertThat(measure(step("a", 1))).contains("== a, 1 of 1");
    }

    @Test
    void directoriesThatCannotBeCreatedAreRefusedBeforeMeasuring() throws Exception {
        Path file = Files.createFile(parent.resolve("file"));
        for (Path wrong : List.of(file, file.resolve("below"))) {
            assertThat(refusal("--results=" + results, "--to=" + wrong))
                    .contains("--to: the directory '" + wrong + "' cannot be created");
            assertThat(refusal("--results=" + wrong, "--to=" + parent.resolve("to")))
                    .contains("--results: the directory '" + wrong + "' cannot be created");
        }
        assertThat(results).doesNotExist();
    }

    private static String refusal(String... arguments) {
        StringWriter err = new StringWriter();
        int code =
                new CommandLine(new ReportBench()).setErr(new PrintWriter(err)).execute(arguments);
        assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
        return err.toString();
    }

    @Test
    void stepsHaveFilesOfTheirOwn() {
        for (boolean quick : new boolean[] {true, false}) {
            assertThat(Plan.report(quick, EnumSet.allOf(ClientType.class)))
                    .extracting(Plan.Step::name)
                    .doesNotHaveDuplicates();
        }
    }
}
