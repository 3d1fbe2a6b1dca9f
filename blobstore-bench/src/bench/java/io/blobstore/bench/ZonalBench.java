package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark zonal}. */
@Command(
        name = "zonal",
        description = {
            "Measures reads of zonal buckets over gRPC, from a fake of their service behind a proxy with latency and a"
                    + " bandwidth per connection. Compared with the channels of google-cloud-storage.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ZonalBench extends RowBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<ZonalRow> only = EnumSet.allOf(ZonalRow.class);

    ZonalBench() {
        super(5, 3);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of zonal buckets", "zonal", "cpu-zonal.svg", Figure.CPU);
    }
}
