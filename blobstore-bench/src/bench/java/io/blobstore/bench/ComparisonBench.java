package io.blobstore.bench;

import io.blobstore.bench.report.ComparisonResult;
import io.blobstore.bench.report.MarkdownReport;
import io.blobstore.bench.report.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** A command that runs comparisons, prints their tables, and checks their thresholds. */
@SuppressWarnings("NullAway.Init") // picocli sets the command
abstract class ComparisonBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 7;

    @Option(names = "--repeats", paramLabel = "N", description = "Transfers in a round. Default: ${DEFAULT-VALUE}.")
    int repeats = 3;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description =
                    "How long each client first rehearses with little content, and then at least works with all of it:"
                            + " until its JIT compilers are idle, or for another minute. 0 for none. Default: ${DEFAULT-VALUE}.")
    int warmUp = 10;

    @Option(names = "--mib", paramLabel = "N", description = "MiB of content. Default: ${DEFAULT-VALUE}.")
    int mib = 1024;

    @Option(names = "--part-mib", paramLabel = "N", description = "MiB of a part. Default: ${DEFAULT-VALUE}.")
    int partMib = 8;

    @Option(names = "--concurrency", paramLabel = "N", description = "Concurrent parts. Default: ${DEFAULT-VALUE}.")
    int concurrency = 4;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "The clients to measure: ${COMPLETION-CANDIDATES}. Default: all that the benchmark compares.")
    Set<ClientType> only = EnumSet.allOf(ClientType.class);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "Where to put the content. Default: /dev/shm if it has room, where nothing is written back to a"
                            + " disk, or else the directory for temporary files.")
    @Nullable Path directory;

    /** Returns the comparisons, with all clients. */
    abstract List<Comparison> comparisons();

    /** Returns the least and the greatest allowed size in MiB. */
    int[] sizes() {
        return new int[] {1, 1024};
    }

    /** Returns the client whose thresholds are checked. */
    ClientType subject() {
        return ClientType.BLOBSTORE;
    }

    final Comparison comparison(Operation operation, Transport transport, ClientType... clients) {
        return Plan.comparison(operation, transport, (long) mib << 20, partMib << 20, concurrency, clients);
    }

    Conditions conditions() {
        return Conditions.NONE;
    }

    /** Measures more than comparisons. */
    List<Verdict> measureMore(BenchmarkEnvironment environment, PrintWriter out)
            throws IOException, InterruptedException {
        return List.of();
    }

    @Override
    public Integer call() throws Exception {
        if (mib < sizes()[0] || mib > sizes()[1]) {
            throw new ParameterException(command.commandLine(), "--mib must be " + sizes()[0] + " to " + sizes()[1]);
        }
        if (partMib < 5 || partMib > mib || rounds < 1 || repeats < 1 || warmUp < 0 || concurrency < 1) {
            throw new ParameterException(
                    command.commandLine(),
                    "--part-mib must be 5 to --mib, --rounds, --repeats and --concurrency 1 or more, --warm-up 0 or more");
        }
        PrintWriter out = command.commandLine().getOut();
        Machine.describe().forEach(line -> out.println(line.replaceFirst("\t", ": ")));
        Comparison.Pace pace = new Comparison.Pace(WarmUp.ofSeconds(warmUp), rounds, repeats, 0);
        List<Verdict> verdicts = new ArrayList<>();
        Path parent = Workspace.parent(Optional.ofNullable(directory), 3L * mib << 20);
        try (BenchmarkEnvironment environment = new BenchmarkEnvironment(parent, (long) mib << 20, conditions())) {
            for (Comparison all : comparisons()) {
                Comparison comparison = all.only(only);
                if (!comparison.clients().isEmpty()) {
                    verdicts.addAll(run(comparison, pace, environment, out));
                }
            }
            verdicts.addAll(measureMore(environment, out));
        }
        out.println("\n" + MarkdownReport.verdicts(verdicts));
        out.flush();
        return verdicts.stream().allMatch(Verdict::isMet) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private List<Verdict> run(
            Comparison comparison, Comparison.Pace pace, BenchmarkEnvironment environment, PrintWriter out) {
        out.println("\n" + comparison.title() + ": " + comparison.setting() + "; " + pace + "\n");
        out.flush();
        ComparisonResult result = ComparisonRunner.run(comparison, pace, environment);
        out.print(MarkdownReport.comparisons(List.of(result)));
        if (comparison.transport().isEncrypted()) {
            result.clients().forEach(client -> out.println(client.title() + ": " + client.security()));
        }
        out.flush();
        return comparison.thresholds().stream()
                .filter(threshold -> threshold.subject() == subject() && only.contains(subject()))
                .map(threshold -> threshold.judge(result, false))
                .toList();
    }
}
