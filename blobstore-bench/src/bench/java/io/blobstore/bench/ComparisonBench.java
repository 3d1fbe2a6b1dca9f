package io.blobstore.bench;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that runs the comparisons of a suite, prints their tables, and checks the thresholds of its subject. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the command
final class ComparisonBench implements Callable<Integer> {
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
                            + " until its JIT compilers are idle, or for another minute. 0 for none. Default:"
                            + " ${DEFAULT-VALUE}.")
    int warmUp = 10;

    @Option(names = "--mib", paramLabel = "N", description = "MiB of content. Default: ${DEFAULT-VALUE}.")
    int mib = 1024;

    @Option(names = "--part-mib", paramLabel = "N", description = "MiB of a part. Default: ${DEFAULT-VALUE}.")
    int partMib = 8;

    @Option(names = "--concurrency", paramLabel = "N", description = "Concurrent parts. Default: ${DEFAULT-VALUE}.")
    int concurrency = 4;

    @Option(
            names = "--latency-ms",
            paramLabel = "N",
            description = "Latency of the server's responses. Default: ${DEFAULT-VALUE}.")
    int latencyMillis;

    @Option(
            names = "--connection-mib",
            paramLabel = "N",
            description = "MiB per second of a connection; 0 for no limit. Default: ${DEFAULT-VALUE}.")
    int connectionMib;

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
    Optional<Path> directory = Optional.empty();

    private final Plan.Suite suite;

    private ComparisonBench(Plan.Suite suite) {
        this.suite = suite;
    }

    /** Creates the command of a suite, with an option for each of its choices. */
    static CommandLine of(Plan.Suite suite) {
        CommandLine line = new CommandLine(new ComparisonBench(suite));
        CommandSpec spec = line.getCommandSpec().name(suite.name());
        spec.usageMessage().description(suite.description(), "");
        Map<String, String> titles = suite.choices().stream()
                .collect(groupingBy(
                        Plan.Choice::option, LinkedHashMap::new, mapping(Plan.Choice::title, joining(", "))));
        titles.forEach((option, title) -> spec.addOption(OptionSpec.builder(option)
                .type(boolean.class)
                .description("Measures: " + title + ".")
                .build()));
        return line;
    }

    private void require(boolean isMet, String message) {
        if (!isMet) {
            throw new ParameterException(command.commandLine(), message);
        }
    }

    @Override
    public Integer call() throws Exception {
        require(
                mib >= suite.leastMib() && mib <= suite.mostMib(),
                "--mib must be " + suite.leastMib() + " to " + suite.mostMib());
        require(partMib >= 5 && partMib <= mib, "--part-mib must be 5 to --mib");
        require(
                rounds >= 1
                        && repeats >= 1
                        && concurrency >= 1
                        && warmUp >= 0
                        && latencyMillis >= 0
                        && connectionMib >= 0,
                "--rounds, --repeats and --concurrency must be 1 or more, other numbers 0 or more");
        long size = (long) mib << 20;
        PrintWriter out = command.commandLine().getOut();
        Machine.describe().forEach(line -> out.println(line.replaceFirst("\t", ": ")));
        Comparison.Pace pace = new Comparison.Pace(WarmUp.ofSeconds(warmUp), rounds, repeats, 0);
        Conditions conditions =
                new Conditions(latencyMillis, connectionMib == 0 ? Long.MAX_VALUE : (long) connectionMib << 20);
        CommandLine.ParseResult chosen = command.commandLine().getParseResult();
        boolean isAll = suite.choices().stream().noneMatch(choice -> chosen.hasMatchedOption(choice.option()));
        List<Verdict> verdicts = new ArrayList<>();
        try (BenchmarkEnvironment environment =
                new BenchmarkEnvironment(Workspace.parent(directory, 3 * size), size, conditions)) {
            for (Plan.Choice choice : suite.choices()) {
                Comparison comparison = choice.of(only, size, partMib << 20, concurrency);
                if ((isAll || chosen.hasMatchedOption(choice.option()))
                        && !comparison.clients().isEmpty()) {
                    verdicts.addAll(run(comparison, pace, environment, out));
                }
            }
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
                .filter(threshold -> threshold.subject() == suite.subject())
                .map(threshold -> threshold.judge(result, false))
                .toList();
    }
}
