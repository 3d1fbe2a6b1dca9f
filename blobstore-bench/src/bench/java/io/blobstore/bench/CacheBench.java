package io.blobstore.bench;

import io.blobstore.bench.CacheComparison.Row;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmark cache}. */
@Command(
        name = "cache",
        description = {
            "Measures the content-addressed cache and compressed blobs, compared with the least that the same work takes:"
                    + " compression and hashing alone, zstd, sha256sum, cp.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets the command
final class CacheBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds = 5;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Rounds before those that count. Default: ${DEFAULT-VALUE}.")
    int warmUp = 5;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "ROW",
            description = "What to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<Row> only = EnumSet.allOf(Row.class);

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where to keep contents and caches. Default: memory, if there is room.")
    Optional<Path> directory = Optional.empty();

    @Option(
            names = "--to",
            paramLabel = "DIR",
            description = "Also writes the tables and a chart into this directory, as cache.md.")
    Optional<Path> target = Optional.empty();

    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || warmUp < 0) {
            throw new ParameterException(command.commandLine(), "--rounds must be 1 or more, and --warm-up 0 or more");
        }
        PrintWriter out = command.commandLine().getOut();
        List<String> machine = Machine.describe();
        machine.forEach(line -> out.println(line.replaceFirst("\t", ": ")));
        List<ComparisonResult> results = new ArrayList<>();
        List<Verdict> verdicts = new ArrayList<>();
        for (Row row : only) {
            long room = row.room();
            try (Workspace workspace = Workspace.in(Workspace.parent(directory, room))) {
                out.println("\n" + row.title() + "\n");
                out.flush();
                ComparisonResult result = new CacheComparison(row, workspace).run(warmUp, rounds);
                out.print(MarkdownReport.comparisons(List.of(result)));
                out.flush();
                results.add(result);
                row.thresholds().forEach(threshold -> verdicts.add(threshold.judge(result)));
            }
        }
        out.println("\n" + MarkdownReport.verdicts(verdicts));
        out.flush();
        if (target.isPresent()) {
            write(target.get(), machine, results, verdicts);
        }
        return verdicts.stream().allMatch(Verdict::isMet) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static void write(
            Path directory, List<String> machine, List<ComparisonResult> results, List<Verdict> verdicts)
            throws IOException {
        Files.createDirectories(directory);
        CacheReport.write(directory, machine, results, verdicts);
    }
}
