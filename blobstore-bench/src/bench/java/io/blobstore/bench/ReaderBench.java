package io.blobstore.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmark reader}. */
@Command(
        name = "reader",
        description = {
            "Reads an object piece by piece, in sequence and at random, with and without reading ahead, from a server on this"
                    + " machine that answers late and gives each connection only so much, as object stores do.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ReaderBench implements Callable<Integer> {
    private static final int MIN_MIB = 16;
    private static final int MAX_MIB = 16 * 1024;

    @Spec
    CommandSpec command;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "0",
            description =
                    "How long each client works before the rounds, at least: then until its JVM's compilers rest, or for another minute."
                            + " 0 for not at all: from afar there is more waiting than work. Default: ${DEFAULT-VALUE}.")
    int warmUp;

    @Option(
            names = "--mib",
            paramLabel = "N",
            defaultValue = "2048",
            description = "MiB of the object. Default: ${DEFAULT-VALUE}.")
    int mib;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "8",
            description = "Requests under way at once. Default: ${DEFAULT-VALUE}.")
    int concurrency;

    @Option(
            names = "--latency-ms",
            paramLabel = "N",
            defaultValue = "20",
            description = "Milliseconds from a request to its answer. Default: ${DEFAULT-VALUE}.")
    int latencyMillis;

    @Option(
            names = "--connection-mib",
            paramLabel = "N",
            defaultValue = "50",
            description = "MiB that a connection gives in a second. Default: ${DEFAULT-VALUE}.")
    int connectionMib;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "Who takes part: READER, READER_WITHOUT_READ_AHEAD, PARALLEL_READER. Default: all.")
    Set<Competitor> only = EnumSet.allOf(Competitor.class);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "Where to put the memory that is read into, twice --mib. Default: /dev/shm if it has room, or else the"
                            + " directory for temporary files.")
    @Nullable Path directory;

    @Override
    public Integer call() throws Exception {
        if (mib < MIN_MIB
                || mib > MAX_MIB
                || rounds < 1
                || warmUp < 0
                || concurrency < 1
                || latencyMillis < 0
                || connectionMib < 1) {
            throw new ParameterException(
                    command.commandLine(),
                    "--mib must be " + MIN_MIB + " to " + MAX_MIB
                            + ", --rounds, --concurrency and --connection-mib 1 or more, --latency-ms and --warm-up 0"
                            + " or more");
        }
        PrintWriter out = command.commandLine().getOut();
        Settings settings =
                new Settings((long) mib << 20, 8 << 20, concurrency, WarmUp.ofSeconds(warmUp), rounds, 1, only);
        Machine.print(out);
        out.println(
                "server     answers after " + latencyMillis + " ms, gives each connection " + connectionMib + " MiB/s");
        Conditions conditions = new Conditions(Duration.ofMillis(latencyMillis), (long) connectionMib << 20, 0);
        Path parent = Workspace.parent(Optional.ofNullable(directory), 3L * mib << 20);
        Verdicts verdicts = new Verdicts();
        try (BenchmarkEnvironment laboratory = new BenchmarkEnvironment(parent, settings.size(), conditions)) {
            for (Scenario scenario : List.of(Scenario.READ_IN_SEQUENCE, Scenario.READ_AT_RANDOM)) {
                new Duel(scenario, settings, laboratory, out).run(verdicts);
            }
        }
        verdicts.print(out);
        out.flush();
        return verdicts.allKept() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
