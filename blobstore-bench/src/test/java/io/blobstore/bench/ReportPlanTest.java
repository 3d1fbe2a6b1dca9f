package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.bench.jmh.DownloadBenchmark;
import io.blobstore.bench.jmh.SmallObjectsBenchmark;
import io.blobstore.bench.jmh.UploadBenchmark;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;

/** The report asks the same clients as the benchmarks of JMH's do, and each step is kept by a name of its own. */
class ReportPlanTest {
    private static void assertSame(List<Competitor> planned, Class<?> state) throws Exception {
        assertThat(planned.stream().map(Enum::name))
                .containsExactly(state.getDeclaredField("client")
                        .getAnnotation(Param.class)
                        .value());
    }

    @Test
    void asksWhomTheBenchmarksOfJmhAsk() throws Exception {
        assertSame(ReportPlan.UPLOADERS, UploadBenchmark.Uploads.class);
        assertSame(ReportPlan.READERS, DownloadBenchmark.Reads.class);
        assertSame(ReportPlan.DOWNLOADERS, DownloadBenchmark.Downloads.class);
        assertSame(ReportPlan.MOVERS_OF_SMALL_OBJECTS, SmallObjectsBenchmark.Objects.class);
    }

    @Test
    void stepsDoNotOverwriteEachOther() {
        for (List<ReportStep> plan : List.of(ReportPlan.full(), ReportPlan.quick())) {
            assertThat(plan).extracting(ReportStep::name).doesNotHaveDuplicates();
        }
    }

    /** Results of the same benchmark and parameters would be shown as one. */
    @Test
    void nothingIsMeasuredTwice() {
        assertThat(ReportPlan.full().stream()
                        .flatMap(step ->
                                step instanceof ReportStep.InTurns inTurns ? inTurns.comparisons().stream() : null))
                .extracting(Comparison::describe)
                .doesNotHaveDuplicates();
    }
}
