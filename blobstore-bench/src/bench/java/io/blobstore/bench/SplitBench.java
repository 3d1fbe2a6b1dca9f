package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

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
final class SplitBench extends RowBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<SplitRow> only = EnumSet.allOf(SplitRow.class);

    @Option(
            names = "--scale",
            paramLabel = "PART",
            description = "The part of the content that is used, to try the benchmark out. Default: ${DEFAULT-VALUE}.")
    double scale = 1;

    SplitBench() {
        super(7, 5);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    double scale() {
        if (!(scale > 0 && scale <= 1)) {
            throw new ParameterException(command.commandLine(), "--scale must be more than 0, and at most 1");
        }
        return scale;
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of split streams", "split", "time-split.svg", Figure.TIME);
    }
}
