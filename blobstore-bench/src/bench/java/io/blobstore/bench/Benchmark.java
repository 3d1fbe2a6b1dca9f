package io.blobstore.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** The {@code benchmark} command. */
@Command(
        name = "benchmark",
        description = "Measures this library against others, and says whether it keeps what it promises.",
        subcommands = {S3Bench.class, GcsBench.class, ReaderBench.class, ReportBench.class},
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:every bar was kept", "1:one was not, or could not be measured", "2:wrong usage"})
final class Benchmark {
    private Benchmark() {}

    /** Runs one benchmark and ends the JVM with its exit code. */
    public static void main(String[] args) {
        CommandLine command = new CommandLine(new Benchmark());
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
