package io.blobstore.bench;

import io.blobstore.bench.report.BenchmarkReport;
import io.blobstore.bench.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
            "Runs the JMH benchmarks and writes a report: tables and charts of throughput, CPU time, heap and memory, this library"
                    + " beside what others use, over HTTP and HTTPS.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class ReportBench implements Callable<Integer> {
    private static final String JMH = "io\\.blobstore\\.bench\\.jmh\\.";
    private static final String ENVIRONMENT = "environment.txt";
    private static final String PROFILER = "io.blobstore.bench.jmh.ClientProfiler";

    @Spec
    CommandSpec command;

    @Option(
            names = "--quick",
            description =
                    "Less content, fewer rounds and only the most telling peers: some ten minutes instead of two hours. Its figures"
                            + " are rough, and of clients that are not warm.")
    boolean quick;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "blobstore-bench/target/benchmark-report",
            description = "Where to write README.md, index.html and the charts. Default: ${DEFAULT-VALUE}.")
    Path target;

    @Option(
            names = "--from",
            paramLabel = "DIR",
            description = "Measure nothing: write the report of what an earlier run left there.")
    Optional<Path> from = Optional.empty();

    /**
     * One run of JMH.
     *
     * @param name of its file of results
     * @param arguments what to run, with which parameters
     */
    private record Step(String name, String... arguments) {}

    private static final List<Step> FULL = List.of(
            new Step("transfers", JMH + "(Upload|Download)Benchmark", "-p", "mib=512", "-prof", PROFILER),
            scaling("size", "mib=256,1024,4096,8192"),
            scaling("part-size", "partMib=5,8,16,32,64", "-p", "mib=512", "-wi", "2"),
            scaling("concurrency", "concurrency=1,2,4,8,16", "-p", "mib=512", "-wi", "2"),
            new Step("small-objects", JMH + "SmallObjectsBenchmark", "-prof", PROFILER),
            new Step("lease", JMH + "(Lease|Mapping|Checksum)Benchmark"),
            new Step("local-store", JMH + "LocalStoreBenchmark"));

    private static final List<Step> QUICK = List.of(
            new Step(
                    "upload",
                    brief(
                            JMH + "UploadBenchmark",
                            "client=BLOBSTORE,HAND_ROLLED,JDK_HTTP_CLIENT,OPENDAL_WHOLE,CRT_TRANSFER_MANAGER,"
                                    + "NETTY_TRANSFER_MANAGER,GCS_BLOBSTORE,GCS_MULTIPART_CLIENT,GCS_TRANSFER_MANAGER")),
            new Step(
                    "download-into-memory",
                    brief(
                            JMH + "DownloadBenchmark.intoMemory",
                            "client=BLOBSTORE,HAND_ROLLED,JDK_HTTP_CLIENT,APACHE_SYNC,CRT_TRANSFER_MANAGER,GCS_BLOBSTORE")),
            new Step(
                    "download-into-file",
                    brief(JMH + "DownloadBenchmark.intoFile", "client=BLOBSTORE,HAND_ROLLED,CRT_TRANSFER_MANAGER")),
            new Step(
                    "small-objects",
                    JMH + "SmallObjectsBenchmark",
                    "-p",
                    "client=BLOBSTORE,HAND_ROLLED,APACHE_SYNC,GCS_BLOBSTORE",
                    "-p",
                    "bytes=4096,65536",
                    "-p",
                    "transport=HTTP",
                    "-wi",
                    "2",
                    "-i",
                    "2",
                    "-prof",
                    PROFILER),
            new Step("lease", JMH + "(Lease|Mapping|Checksum)Benchmark", "-wi", "1", "-i", "2"),
            new Step("local-store", JMH + "LocalStoreBenchmark", "-p", "mib=256", "-w", "1", "-i", "3"));

    private static Step scaling(String name, String values, String... more) {
        List<String> arguments = new ArrayList<>(List.of(JMH + "ScalingBenchmark", "-prof", PROFILER));
        arguments.addAll(List.of("-p", "client=BLOBSTORE,HAND_ROLLED", "-p", values));
        arguments.addAll(List.of(more));
        return new Step("scaling-" + name, arguments.toArray(String[]::new));
    }

    private static String[] brief(String benchmark, String clients) {
        return new String[] {
            benchmark, "-p", clients, "-p", "mib=256", "-wi", "1", "-w", "5", "-i", "3", "-prof", PROFILER,
        };
    }

    @Override
    public Integer call() throws Exception {
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new ParameterException(command.commandLine(), "--to: '" + target + "' is no directory");
        }
        PrintWriter out = command.commandLine().getOut();
        Path results = from.isPresent() ? from.get() : measure(out);
        BenchmarkReport.write(
                results,
                target,
                client -> Competitor.valueOf(client).title,
                ReportLimits.of(Results.read(results)),
                dateOf(results));
        out.println("The report is " + target.resolve("index.html") + "; what it was made of is in " + results);
        return ExitCode.OK;
    }

    private Path measure(PrintWriter out) throws Exception {
        Path results = Files.createTempDirectory("blobstore-report");
        Files.createDirectory(results.resolve("memory"));
        Files.write(results.resolve(ENVIRONMENT), environment());
        List<Step> steps = steps();
        try (Workspace workspace = Workspace.in(results)) {
            Certificates certificates = Laboratory.newCertificates(workspace.directory());
            for (Step step : steps) {
                out.println("== " + step.name() + ", " + (steps.indexOf(step) + 1) + " of " + steps.size());
                out.flush();
                run(step, results, certificates);
            }
        }
        return results;
    }

    private List<Step> steps() {
        return quick ? QUICK : FULL;
    }

    /** When they were measured. */
    private static LocalDate dateOf(Path results) throws IOException {
        return LocalDate.ofInstant(
                Files.getLastModifiedTime(results.resolve(ENVIRONMENT)).toInstant(), ZoneId.systemDefault());
    }

    private List<String> environment() {
        List<String> lines = new ArrayList<>();
        Machine.describe().forEach((name, value) -> lines.add(name + "\t" + value));
        lines.add("clients\tjava " + String.join(" ", Laboratory.CLIENT_OPTIONS)
                + ", a process for each; server in another process, on the same machine");
        lines.add("command\t./benchmark report" + (quick ? " --quick" : ""));
        for (Step step : steps()) {
            lines.add("JMH, " + step.name() + "\t"
                    + String.join(" ", step.arguments()).replace("\\", ""));
        }
        return lines;
    }

    private static void run(Step step, Path results, Certificates certificates)
            throws IOException, InterruptedException {
        String properties = "-D" + Laboratory.CERTIFICATES + "=" + certificates.directory() + " -D" + Trial.FAILURES
                + "=" + results.resolve("failures.csv") + " -D" + ResidentMemory.DIRECTORY + "="
                + results.resolve("memory");
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jmh.Main"));
        line.addAll(List.of(step.arguments()));
        line.addAll(List.of("-foe", "false", "-jvmArgsPrepend", properties, "-rf", "json", "-rff"));
        line.add(results.resolve(step.name() + ".json").toString());
        ProcessBuilder builder = new ProcessBuilder(line).inheritIO();
        builder.environment().putAll(Laboratory.clientEnvironment(certificates));
        Process jmh = builder.start();
        Thread end = new Thread(() -> {
            jmh.descendants().forEach(ProcessHandle::destroy);
            jmh.destroy();
        });
        Runtime.getRuntime().addShutdownHook(end); // who is ended, leaves nobody behind that goes on measuring
        int exit = jmh.waitFor();
        Runtime.getRuntime().removeShutdownHook(end);
        if (exit != 0) {
            throw new BenchmarkException("JMH ended with " + exit + " at " + step.name() + "; see what it printed");
        }
    }
}
