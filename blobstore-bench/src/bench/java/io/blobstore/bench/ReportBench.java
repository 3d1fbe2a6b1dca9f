package io.blobstore.bench;

import io.blobstore.bench.report.BenchmarkReport;
import io.blobstore.bench.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
            "Measures and writes a report: tables and charts of throughput, CPU time, heap and memory, this library beside what others"
                    + " use, over HTTP and HTTPS. Clients take turns, each in a JVM of its own; leases, checksums and the local store are"
                    + " measured by JMH.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ReportBench implements Callable<Integer> {
    @Spec
    CommandSpec command;

    @Option(
            names = "--quick",
            description =
                    "Less content, fewer rounds and only the most telling peers: some ten minutes instead of more than an hour. Its"
                            + " figures are rough, and of clients that are not warm.")
    boolean quick;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "blobstore-bench/target/benchmark-report",
            description = "Where to write README.md, index.html and the charts. Default: ${DEFAULT-VALUE}.")
    Path target;

    @Option(
            names = "--results",
            paramLabel = "DIR",
            description =
                    "Where to keep what is measured. If a run was ended, it goes on from there: what is there is not measured again."
                            + " Default: a new directory among the temporary ones.")
    Optional<Path> results = Optional.empty();

    @Override
    public Integer call() throws Exception {
        Path report = directory("--to", target); // now, and not after hours of measuring
        Path directory = results.isPresent()
                ? directory("--results", results.get())
                : Files.createTempDirectory("blobstore-report");
        PrintWriter out = command.commandLine().getOut();
        ReportRun run = quick
                ? new ReportRun(directory, "./benchmark report --quick", ReportPlan.quick())
                : new ReportRun(directory, "./benchmark report", ReportPlan.full());
        Optional<String> mismatch = run.mismatch();
        if (mismatch.isPresent()) {
            throw new ParameterException(
                    command.commandLine(),
                    "--results: what is in '" + directory + "' was measured otherwise or elsewhere (" + mismatch.get()
                            + "); choose another directory");
        }
        run.measure(out);
        Results measured = Results.read(directory);
        BenchmarkReport.write(
                measured, report, client -> Competitor.valueOf(client).title, ReportLimits.of(measured), run.date());
        out.println("The report is " + report.resolve("index.html") + "; what it was made of is in " + directory);
        return ExitCode.OK;
    }

    /** Made if it is not there; a symbolic link to one is followed. */
    private Path directory(String option, Path path) {
        Path directory;
        try {
            directory = Files.isDirectory(path) ? path.toRealPath() : Files.createDirectories(path);
        } catch (IOException e) {
            throw wrong(option, path, "cannot be made", e);
        }
        if (!Files.isWritable(directory)) {
            throw wrong(option, path, "must not be written to", null);
        }
        return directory;
    }

    private ParameterException wrong(String option, Path path, String problem, @Nullable Exception cause) {
        return new ParameterException(
                command.commandLine(),
                option + ": the directory '" + path + "' " + problem + "; choose another one",
                cause);
    }
}
