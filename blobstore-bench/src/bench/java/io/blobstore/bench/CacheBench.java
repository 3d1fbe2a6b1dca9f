package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark cache}. */
@Command(
        name = "cache",
        description = {
            "Measures the content-addressed cache and compressed blobs, compared with the least that the same work"
                    + " takes: compression and hashing alone, zstd, sha256sum, cp.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class CacheBench extends RowBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<CacheRow> only = EnumSet.allOf(CacheRow.class);

    CacheBench() {
        super(5, 5);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of the cache and of compressed blobs", "cache", "cpu-cache.svg", Figure.CPU);
    }
}
