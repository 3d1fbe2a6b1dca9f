package io.blobstore.bench;

import static io.blobstore.bench.ClientType.*;

import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code benchmark reader}. */
@Command(
        name = "reader",
        description = {
            "Reads an object piece by piece, sequentially and at random, with and without read-ahead, from a server on this"
                    + " machine with the latency and the bandwidth per connection of an object store.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ReaderBench extends ComparisonBench {
    @Option(names = "--latency-ms", paramLabel = "N", description = "Latency. Default: ${DEFAULT-VALUE}.")
    int latencyMillis = 20;

    @Option(
            names = "--connection-mib",
            paramLabel = "N",
            description = "MiB per second of a connection. Default: ${DEFAULT-VALUE}.")
    int connectionMib = 50;

    ReaderBench() {
        rounds = 3;
        repeats = 1;
        warmUp = 0; // there is more waiting than work
        mib = 2048;
        concurrency = 8;
    }

    @Override
    int[] sizes() {
        return new int[] {16, 16 * 1024};
    }

    @Override
    ClientType subject() {
        return READER;
    }

    @Override
    Conditions conditions() {
        return new Conditions(latencyMillis, (long) connectionMib << 20);
    }

    @Override
    List<Comparison> comparisons() {
        return List.of(
                comparison(Operation.SEQUENTIAL, Transport.HTTP, READER, READER_WITHOUT_READ_AHEAD, WHOLE_DOWNLOAD),
                comparison(Operation.RANDOM, Transport.HTTP, READER, READER_WITHOUT_READ_AHEAD));
    }
}
