package io.blobstore.bench;

import io.blobstore.bench.report.BenchmarkReport;
import io.blobstore.bench.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
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
    private static final String PROFILER = "io.blobstore.bench.jmh.ClientProfiler";

    @Spec
    CommandSpec command;

    @Option(
            names = "--quick",
            description =
                    "Less content, fewer rounds and only the most telling peers: some ten minutes instead of hours. Its figures"
                            + " are rough.")
    boolean quick;

    @Option(
            names = "--to",
            paramLabel = "DIR",
            defaultValue = "blobstore-bench/target/benchmark-report",
            description = "Where to write README.md, index.html and the charts. Default: ${DEFAULT-VALUE}.")
    Path target;

    /**
     * One run of JMH.
     *
     * @param name of its file of results
     * @param arguments what to run, with which parameters
     */
    private record Step(String name, String... arguments) {}

    private static final List<Step> FULL = List.of(
            new Step("upload", JMH + "UploadBenchmark", "-prof", PROFILER),
            new Step("download", JMH + "DownloadBenchmark", "-prof", PROFILER),
            scaling("size", "mib=256,1024,4096,8192", "transport=HTTP,HTTPS"),
            scaling("part-size", "partMib=5,8,16,32,64", "transport=HTTP"),
            scaling("concurrency", "concurrency=1,2,4,8,16", "transport=HTTP"),
            new Step("small-objects", JMH + "SmallObjectsBenchmark"),
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
                    "client=BLOBSTORE,APACHE_SYNC",
                    "-p",
                    "bytes=4096,65536",
                    "-wi",
                    "2",
                    "-w",
                    "1",
                    "-i",
                    "2",
                    "-r",
                    "1"),
            new Step("lease", JMH + "(Lease|Mapping|Checksum)Benchmark", "-wi", "1", "-i", "2"),
            new Step("local-store", JMH + "LocalStoreBenchmark", "-p", "mib=256", "-wi", "1", "-i", "3"));

    private static Step scaling(String name, String values, String transport) {
        return new Step(
                "scaling-" + name,
                JMH + "ScalingBenchmark",
                "-p",
                "client=BLOBSTORE,HAND_ROLLED",
                "-p",
                values,
                "-p",
                transport,
                "-prof",
                PROFILER);
    }

    private static String[] brief(String benchmark, String clients) {
        return new String[] {
            benchmark, "-p", clients, "-p", "mib=256", "-wi", "10", "-i", "5", "-prof", PROFILER,
        };
    }

    @Override
    public Integer call() throws Exception {
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new ParameterException(command.commandLine(), "--to: '" + target + "' is no directory");
        }
        PrintWriter out = command.commandLine().getOut();
        Path results = Files.createTempDirectory("blobstore-report");
        Files.createDirectory(results.resolve("memory"));
        Files.write(results.resolve("environment.txt"), environment());
        List<Step> steps = quick ? QUICK : FULL;
        try (Workspace workspace = Workspace.in(results)) {
            Certificates certificates = Laboratory.newCertificates(workspace.directory());
            for (Step step : steps) {
                out.println("== " + step.name() + ", " + (steps.indexOf(step) + 1) + " of " + steps.size());
                out.flush();
                run(step, results, certificates);
            }
        }
        BenchmarkReport.write(
                results,
                target,
                client -> Competitor.valueOf(client).title,
                ReportLimits.of(Results.read(results)),
                LocalDate.now());
        out.println("The report is " + target.resolve("index.html") + "; what it was made of is in " + results);
        return ExitCode.OK;
    }

    private List<String> environment() {
        List<String> lines = new ArrayList<>();
        Machine.describe().forEach((name, value) -> lines.add(name + "\t" + value));
        lines.add("clients\tjava " + String.join(" ", Laboratory.CLIENT_OPTIONS)
                + ", a process for each; server in another process, on the same machine");
        lines.add("command\t./benchmark report" + (quick ? " --quick" : ""));
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
        int exit = builder.start().waitFor();
        if (exit != 0) {
            throw new BenchmarkException("JMH ended with " + exit + " at " + step.name() + "; see what it printed");
        }
    }
}
