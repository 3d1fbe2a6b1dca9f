package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark split}. */
@Command(
        name = "split",
        description = {
            "Measures split streams: what a second thread is worth, whole processes, memory, and what is sent to an S3"
                    + " server after a change.",
            "Compared with cfsctl 0.9.4 of composefs-rs, which the environment variable " + Cfsctl.VARIABLE + " names,"
                    + " or which is ~/" + Cfsctl.CACHED + ".",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SplitBench extends ScaledBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<SplitRow> only = EnumSet.allOf(SplitRow.class);

    SplitBench() {
        super(7, 5);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of split streams", "split", "time-split.svg", Figure.TIME);
    }
}
