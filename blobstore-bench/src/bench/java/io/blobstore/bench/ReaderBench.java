package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark reader}. */
@Command(
        name = "reader",
        description = {
            "Reads a blob in eight ways, from a server on this machine with the latency and the bandwidth per"
                    + " connection of an object store.",
            "Compared with analytics-accelerator-s3, and where there is Python with gcsfs and OpenDAL, which are"
                    + " installed into ~/" + PythonReaders.CACHED + " once.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReaderBench extends ScaledBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<ReaderRow> only = EnumSet.allOf(ReaderRow.class);

    ReaderBench() {
        super(3, 1);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    String overview(List<BenchRow.Result> results) {
        return MarkdownReport.reads(
                results.stream().flatMap(result -> result.comparison().stream()).toList());
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of readers", "reader", "time-reader.svg", Figure.SECONDS);
    }
}
