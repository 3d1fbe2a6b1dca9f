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
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What the benchmarks of stores have in common: their options, and how they are run. */
@SuppressWarnings("NullAway.Init") // picocli sets what is required
abstract class StoreBench implements Callable<Integer> {
    private static final int MAX_MIB = 1024;

    @Spec
    CommandSpec command;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "7",
            description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often a round moves the content. Default: ${DEFAULT-VALUE}.")
    int repeats;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description =
                    "How long each client rehearses before the rounds, with hardly any content, and how long it works at least: then until its"
                            + " JVM's compilers rest, or for another minute."
                            + " 0 for not at all. Default: ${DEFAULT-VALUE}.")
    int warmUp;

    @Option(
            names = "--mib",
            paramLabel = "N",
            defaultValue = "1024",
            description = "MiB of content, 1024 at most. Default: ${DEFAULT-VALUE}.")
    int mib;

    @Option(
            names = "--part-mib",
            paramLabel = "N",
            defaultValue = "8",
            description = "MiB of a part or a range. Default: ${DEFAULT-VALUE}.")
    int partMib;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            defaultValue = "4",
            description = "Parts under way at once. Default: ${DEFAULT-VALUE}.")
    int concurrency;

    @Option(
            names = "--refuse-one-in",
            paramLabel = "N",
            defaultValue = "0",
            description = "Answers one in N parts and ranges with 503. Default: none.")
    int refusedOneIn;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "Who takes part: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<Competitor> only = EnumSet.allOf(Competitor.class);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where to put the content, twice --mib. Default: /dev/shm if it has room, where nothing is"
                    + " written back to a disk meanwhile, or else the directory for temporary files.")
    @Nullable Path directory;

    @Override
    public Integer call() throws Exception {
        requireValid();
        PrintWriter out = command.commandLine().getOut();
        Settings settings = new Settings(
                (long) mib << 20, partMib << 20, concurrency, WarmUp.ofSeconds(warmUp), rounds, repeats, only);
        Machine.print(out);
        out.println("clients    java " + String.join(" ", BenchmarkEnvironment.CLIENT_OPTIONS)
                + ", a process for each; server in another process");
        Verdicts verdicts = new Verdicts();
        Conditions conditions = new Conditions(Duration.ZERO, Long.MAX_VALUE, refusedOneIn);
        Path parent = Workspace.parent(Optional.ofNullable(directory), 3L * mib << 20);
        try (BenchmarkEnvironment laboratory = new BenchmarkEnvironment(parent, settings.size(), conditions)) {
            out.println("content    in " + laboratory.directory().getParent() + ", mapped, every page present");
            for (Scenario scenario : scenarios()) {
                new Duel(scenario, settings, laboratory, out).run(verdicts);
            }
            if (measuresMemory()) {
                new MemoryBound(settings, laboratory, out).run(verdicts);
            }
        }
        verdicts.print(out);
        out.flush();
        return verdicts.allKept() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private void requireValid() {
        if (mib < 1
                || mib > MAX_MIB
                || partMib < 5
                || partMib > mib
                || rounds < 1
                || repeats < 1
                || warmUp < 0
                || refusedOneIn < 0
                || refusedOneIn == 1
                || concurrency < 1) {
            throw new ParameterException(
                    command.commandLine(),
                    "--mib must be 1 to " + MAX_MIB
                            + ", --part-mib 5 to --mib, --rounds, --repeats and --concurrency 1 or more,"
                            + " --warm-up 0 or more, --refuse-one-in 2 or more");
        }
    }

    /** What is measured. */
    abstract List<Scenario> scenarios();

    /** Whether memory is measured besides. */
    abstract boolean measuresMemory();
}
