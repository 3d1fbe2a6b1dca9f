package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that measures rows, one after the other. */
@SuppressWarnings("NullAway.Init") // picocli sets the command
abstract class RowBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds. Default: ${DEFAULT-VALUE}.")
    int rounds;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description = "Rounds before those that count. Default: ${DEFAULT-VALUE}.")
    int warmUp;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "Where to keep contents and what is made of them. Default: memory, if there is room.")
    Optional<Path> directory = Optional.empty();

    @Option(
            names = "--to",
            paramLabel = "DIR",
            description = "Also writes the tables and a chart into this directory, as a Markdown file.")
    Optional<Path> target = Optional.empty();

    RowBench(int rounds, int warmUp) {
        this.rounds = rounds;
        this.warmUp = warmUp;
    }

    /** Returns the rows to measure. */
    abstract Collection<? extends BenchRow> rows();

    /** Returns the report to write. */
    abstract RowReport report();

    /** Returns a table of all results in Markdown; empty for none. */
    String overview(List<BenchRow.Result> results) {
        return "";
    }

    /** Returns the part of the content that is measured, more than 0 and at most 1. */
    double scale() {
        return 1;
    }

    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || warmUp < 0) {
            throw new ParameterException(command.commandLine(), "--rounds must be 1 or more, and --warm-up 0 or more");
        }
        PrintWriter out = command.commandLine().getOut();
        List<String> machine = Machine.describe();
        machine.forEach(line -> out.println(line.replaceFirst("\t", ": ")));
        List<BenchRow.Result> results = new ArrayList<>();
        for (BenchRow row : rows()) {
            try (Workspace workspace = Workspace.in(parent(row))) {
                out.println("\n" + row.title() + "\n");
                out.flush();
                BenchRow.Result result = row.measure(new BenchRow.Setting(workspace, warmUp, rounds, scale()));
                out.print(result.table());
                out.flush();
                results.add(result);
            }
        }
        List<Verdict> verdicts =
                results.stream().flatMap(result -> result.verdicts().stream()).toList();
        String overview = overview(results);
        out.println("\n" + (overview.isEmpty() ? "" : overview + "\n") + MarkdownReport.verdicts(verdicts));
        out.flush();
        if (target.isPresent()) {
            report().write(target.get(), commandLine(), machine, overview, results);
        }
        return verdicts.stream().allMatch(Verdict::isMet) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private Path parent(BenchRow row) throws IOException {
        Optional<Path> preferred = row.needsDevice() && directory.isEmpty()
                ? Optional.of(Path.of(System.getProperty("java.io.tmpdir")))
                : directory;
        return Workspace.parent(preferred, (long) (row.room() * scale()));
    }

    /** Returns the command, without the directories of this machine. */
    private String commandLine() {
        List<String> words = new ArrayList<>(List.of("./benchmark", command.name()));
        for (String option : List.of("--only", "--rounds", "--warm-up", "--scale")) {
            if (command.optionsMap().containsKey(option)
                    && command.commandLine().getParseResult().hasMatchedOption(option)) {
                words.add(option + " "
                        + String.join(",", command.optionsMap().get(option).originalStringValues()));
            }
        }
        return String.join(" ", words) + " --to DIR";
    }
}
