package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
