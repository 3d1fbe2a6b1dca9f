package io.blobstore.bench;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** The {@code benchmark} command. */
@Command(
        name = "benchmark",
        description = "Measures this library against other clients, and checks its thresholds.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:all thresholds are met", "1:a threshold is not met or not measured", "2:wrong usage"})
final class Benchmark {
    private Benchmark() {}

    /** Runs one benchmark and ends the JVM with its exit code. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Benchmark());
        for (Plan.Suite suite : List.of(Plan.S3, Plan.GCS)) {
            command.addSubcommand(ComparisonBench.of(suite));
        }
        command.addSubcommand(new ReaderBench());
        command.addSubcommand(new ZonalBench());
        command.addSubcommand(new CacheBench());
        command.addSubcommand(new DirectoryBench());
        command.addSubcommand(new ServerBench());
        command.addSubcommand(new SplitBench());
        command.addSubcommand(new ReportBench());
        command.setExecutionExceptionHandler((e, line, parsed) -> {
            line.getErr().println("benchmark: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
            if (!(e instanceof BenchmarkException)) {
                e.printStackTrace(line.getErr());
            }
            return ExitCode.SOFTWARE;
        });
        command.setCaseInsensitiveEnumValuesAllowed(true);
        System.exit(command.execute(args));
    }
}
