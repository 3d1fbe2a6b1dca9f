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
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A run of steps that have nothing to compare. */
class ReportRunTest {
    @TempDir
    Path parent;

    private static ReportStep step(String name, int rounds) {
        WarmUp none = new WarmUp(Duration.ZERO, Duration.ZERO, Duration.ZERO);
        return new ReportStep.InTurns(name, new Comparison.Pace(none, rounds, 1), List.of());
    }

    private ReportRun run(ReportStep... steps) {
        return new ReportRun(parent.resolve("results"), "./this", List.of(steps));
    }

    private static String measure(ReportRun run) throws Exception {
        StringWriter out = new StringWriter();
        run.measure(new PrintWriter(out));
        return out.toString();
    }

    @Test
    void aRunThatWasEndedGoesOnWithWhatIsNotThere() throws Exception {
        Path results = parent.resolve("results");
        assertThat(measure(run(step("a", 1), step("b", 1)))).contains("== a, 1 of 2", "== b, 2 of 2");
        Files.writeString(results.resolve("a.json"), "kept");
        Files.delete(results.resolve("b.json"));
        Files.createFile(results.resolve("b.json")); // as JMH leaves it

        assertThat(measure(run(step("a", 1), step("b", 1))))
                .contains("== b, 2 of 2")
                .doesNotContain("== a");

        assertThat(results.resolve("a.json")).hasContent("kept");
        assertThat(results.resolve("b.json")).isNotEmptyFile();
    }

    @Test
    void whatWasMeasuredOtherwiseDoesNotBelongToIt() throws Exception {
        assertThat(run(step("a", 1)).mismatch()).isEmpty();
        measure(run(step("a", 1)));
        assertThat(run(step("a", 1)).mismatch()).isEmpty();
        assertThat(run(step("a", 2)).mismatch()).get().asString().contains("rounds: 2");
    }

    @Test
    void twoRunsDoNotMeasureEachOther() throws Exception {
        Files.createDirectories(parent.resolve("results"));
        try (FileChannel other = FileChannel.open(
                        parent.resolve("results/lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = other.lock()) {
            assertThatExceptionOfType(BenchmarkException.class)
                    .isThrownBy(() -> measure(run(step("a", 1))))
                    .withMessageContaining("another run is measuring into");
            assertThat(held.isValid()).isTrue();
        }
        assertThat(parent.resolve("results/a.json")).doesNotExist();

        assertThat(measure(run(step("a", 1)))).contains("== a, 1 of 1");
    }

    @Test
    void directoriesThatCannotBeMadeAreRefusedBeforeAnythingIsMeasured() throws Exception {
        Path file = Files.createFile(parent.resolve("file"));
        String results = "--results=" + parent.resolve("results");
        String to = "--to=" + parent.resolve("to");
        for (Path wrong : List.of(file, file.resolve("below"))) {
            assertThat(refusal(results, "--to=" + wrong))
                    .contains("--to: the directory '" + wrong + "' cannot be made");
            assertThat(refusal("--results=" + wrong, to))
                    .contains("--results: the directory '" + wrong + "' cannot be made");
        }
        assertThat(parent.resolve("results")).doesNotExist();
    }

    private static String refusal(String... arguments) {
        StringWriter err = new StringWriter();
        int code =
                new CommandLine(new ReportBench()).setErr(new PrintWriter(err)).execute(arguments);
        assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
        return err.toString();
    }
}
