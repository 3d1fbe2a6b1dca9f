package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmark report}. */
@Command(
        name = "report",
        description = {
            "Measures and writes a report: tables and charts of throughput, CPU time, heap and memory of this library and of"
                    + " other clients, over HTTP and HTTPS.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ReportBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(names = "--quick", description = "Less content, fewer rounds and clients: rough figures in ten minutes.")
    boolean quick;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "The clients to measure: ${COMPLETION-CANDIDATES}. Default: all.")
    Set<ClientType> only = EnumSet.allOf(ClientType.class);

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "blobstore-bench/target/benchmark-report",
            description = "Where to write README.md and the charts. Default: ${DEFAULT-VALUE}.")
    Path target;

    @Option(
            names = "--results",
            paramLabel = "DIR",
            description = "Where to keep results. An interrupted run continues with the missing ones. Default: a new"
                    + " temporary directory.")
    Optional<Path> results = Optional.empty();

    @Override
    public Integer call() throws Exception {
        Path report = directory("--to", target); // before hours of measuring
        Path directory = results.isPresent()
                ? directory("--results", results.get())
                : Files.createTempDirectory("blobstore-report");
        PrintWriter out = command.commandLine().getOut();
        ReportRun run = new ReportRun(directory, Plan.report(quick, only));
        run.measure(out);
        run.write(report);
        out.println("The report is " + report.resolve("README.md") + "; its results are in " + directory);
        return ExitCode.OK;
    }

    private Path directory(String option, Path path) {
        String problem = "is not writable";
        try {
            Path directory = Files.isDirectory(path) ? path.toRealPath() : Files.createDirectories(path);
            if (Files.isWritable(directory)) {
                return directory;
            }
        } catch (IOException e) {
            problem = "cannot be created";
        }
        throw new ParameterException(
                command.commandLine(), option + ": the directory '" + path + "' " + problem + "; choose another one");
    }
}
