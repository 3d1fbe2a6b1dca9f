package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark server}. */
@Command(
        name = "server",
        description = {
            "Measures the cache server, with a client in another process, compared with a server that sends and writes"
                    + " files, and with zstd.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ServerBench extends ScaledBench {
    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<ServerRow> only = EnumSet.allOf(ServerRow.class);

    ServerBench() {
        super(5, 5);
    }

    @Override
    Collection<? extends BenchRow> rows() {
        return only;
    }

    @Override
    RowReport report() {
        return new RowReport("Benchmarks of the cache server", "server", "cpu-server.svg", Figure.CPU);
    }
}
