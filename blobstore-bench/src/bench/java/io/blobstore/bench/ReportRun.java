package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The runs of JMH that a report is made of, and the directory that keeps what they measured. One that was ended can go on: what is there
 * is not measured again.
 */
final class ReportRun {
    private static final String JMH = "io\\.blobstore\\.bench\\.jmh\\.";
    private static final String ENVIRONMENT = "environment.txt";
    private static final String PROFILER = "io.blobstore.bench.jmh.ClientProfiler";

    /**
     * How often all clients are measured one after the other. A machine drifts within the hour that takes, and a JVM's compilers do not
     * decide alike each time: one process of each does not tell neighbours apart.
     */
    private static final int PASSES = 3;

    /**
     * One run of JMH.
     *
     * @param question that it answers
     * @param pass its number; 0 for what is measured once
     * @param arguments what to run, with which parameters
     */
    private record Step(String question, int pass, String... arguments) {
        Step(String question, String... arguments) {
            this(question, 0, arguments);
        }

        Step inPass(int number) {
            return new Step(question, number, arguments);
        }

        /** Of its file of results. */
        String name() {
            return pass == 0 ? question : question + "-pass-" + pass;
        }

        /** Of it and its other passes. */
        String title() {
            return pass == 0 ? question : question + ", " + PASSES + " passes";
        }
    }

    private static final List<Step> FULL = full();

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
                    "-w",
                    "3",
                    "-i",
                    "2",
                    "-prof",
                    PROFILER),
            new Step("lease", JMH + "(Lease|Mapping|Checksum)Benchmark", "-wi", "1", "-i", "2"),
            new Step("local-store", JMH + "LocalStoreBenchmark", "-p", "mib=256", "-w", "1", "-i", "3"));

    private static List<Step> full() {
        List<Step> steps = new ArrayList<>(List.of(
                new Step("lease", JMH + "(Lease|Mapping|Checksum)Benchmark"),
                new Step("local-store", JMH + "LocalStoreBenchmark"),
                scaling("size", "mib=256,1024,4096,8192"),
                scaling("part-size", "partMib=5,8,16,32,64", "-p", "mib=512", "-wi", "2"),
                scaling("concurrency", "concurrency=1,2,4,8,16", "-p", "mib=512", "-wi", "2")));
        for (int pass = 1; pass <= PASSES; pass++) {
            steps.add(new Step("small-objects", JMH + "SmallObjectsBenchmark", "-prof", PROFILER).inPass(pass));
            steps.add(transfer("upload", "UploadBenchmark").inPass(pass));
            steps.add(transfer("download-into-memory", "DownloadBenchmark.intoMemory")
                    .inPass(pass));
            steps.add(
                    transfer("download-into-file", "DownloadBenchmark.intoFile").inPass(pass));
        }
        return List.copyOf(steps);
    }

    private static Step transfer(String name, String benchmark) {
        return new Step(name, JMH + benchmark, "-p", "mib=512", "-prof", PROFILER);
    }

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

    private final Path results;
    private final boolean quick;
    private final List<Step> steps;

    /**
     * Prepares it.
     *
     * @param results a directory; is made if need be
     */
    ReportRun(Path results, boolean quick) {
        this.results = results;
        this.quick = quick;
        this.steps = quick ? QUICK : FULL;
    }

    /** Measures what is not there yet. */
    void measure(PrintWriter out) throws IOException, InterruptedException {
        Files.createDirectories(results.resolve("memory"));
        if (Files.notExists(results.resolve(ENVIRONMENT))) {
            Files.write(results.resolve(ENVIRONMENT), environment());
        }
        List<Step> missing = new ArrayList<>(steps);
        for (Step step : steps) {
            if (isThere(step)) {
                missing.remove(step);
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        try (Workspace workspace = Workspace.in(results)) {
            Certificates certificates = Laboratory.newCertificates(workspace.directory());
            for (Step step : missing) {
                out.println("== " + step.name() + ", " + (steps.indexOf(step) + 1) + " of " + steps.size());
                out.flush();
                run(step, certificates);
            }
        }
    }

    /** A reason why what is there does not belong to this run; empty if it does, or if there is nothing. */
    Optional<String> mismatch() throws IOException {
        Path file = results.resolve(ENVIRONMENT);
        if (Files.notExists(file)) {
            return Optional.empty();
        }
        List<String> there = Files.readAllLines(file);
        return environment().stream()
                .filter(line -> !line.startsWith(Machine.LOAD + "\t") && !there.contains(line))
                .findFirst()
                .map(line -> "it does not say '" + line.replace('\t', ' ') + "'");
    }

    /** When it was begun. */
    LocalDate date() throws IOException {
        return LocalDate.ofInstant(
                Files.getLastModifiedTime(results.resolve(ENVIRONMENT)).toInstant(), ZoneId.systemDefault());
    }

    private Path fileOf(Step step) {
        return results.resolve(step.name() + ".json");
    }

    /** JMH makes the file in the beginning, and fills it in the end. */
    private boolean isThere(Step step) throws IOException {
        return Files.exists(fileOf(step)) && Files.size(fileOf(step)) > 0;
    }

    private List<String> environment() {
        List<String> lines = new ArrayList<>();
        Machine.describe().forEach((name, value) -> lines.add(name + "\t" + value));
        lines.add("clients\tjava " + String.join(" ", Laboratory.CLIENT_OPTIONS)
                + ", a process for each; server in another process, on the same machine");
        lines.add("command\t./benchmark report" + (quick ? " --quick" : ""));
        for (Step step : steps) {
            lines.add("JMH, " + step.title() + "\t"
                    + String.join(" ", step.arguments()).replace("\\", ""));
        }
        return lines.stream().distinct().toList();
    }

    private void run(Step step, Certificates certificates) throws IOException, InterruptedException {
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
        line.add(fileOf(step).toString());
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
