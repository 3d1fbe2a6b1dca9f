package io.blobstore.bench.report;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the benchmarks left in a directory. */
public final class Results {
    private static final Set<String> TRANSFERS = Set.of("UploadBenchmark", "DownloadBenchmark", "ScalingBenchmark");

    private final List<Transfer> transfers = new ArrayList<>();
    private final List<Result> others = new ArrayList<>();
    private final List<Failure> failures;
    private final List<MemoryCurve> memory;
    private final List<String> environment;

    private Results(List<Result> all, List<Failure> failures, List<MemoryCurve> memory, List<String> environment)
            throws IOException {
        this.failures = failures;
        this.memory = memory;
        this.environment = environment;
        for (Result result : all) {
            if (TRANSFERS.contains(result.benchmarkClass()) && result.mode().equals(Result.AVERAGE)) {
                transfers.add(Transfer.of(result));
            } else {
                others.add(result);
            }
        }
    }

    /**
     * Reads a directory: {@code *.json} of JMH, {@code environment.txt}, and, where they are there,
     * {@code failures.csv} and {@code memory/*.csv}. Results of the same benchmark, mode and parameters count as one,
     * of all their iterations.
     *
     * @throws IOException if something is missing or cannot be understood; the message says which file, and what to do
     */
    public static Results read(Path directory) throws IOException {
        List<Path> files = Files.isDirectory(directory) ? list(directory, "*.json") : List.of();
        if (files.isEmpty()) {
            throw new IOException(
                    directory + " holds no *.json: run the benchmarks with -rf json -rff and a file there first");
        }
        Map<List<Object>, Result> results = new LinkedHashMap<>();
        for (Path file : files) {
            for (Result result : ResultFile.read(file)) {
                results.merge(result.identity(), result, Result::and);
            }
        }
        Path environment = directory.resolve("environment.txt");
        if (!Files.exists(environment)) {
            throw new IOException(
                    environment + " is missing: write there what the figures were measured on, lines of a name"
                            + " and a value with a tab between");
        }
        return new Results(
                List.copyOf(results.values()),
                failures(directory.resolve("failures.csv")),
                memory(directory.resolve("memory")),
                Files.readAllLines(environment));
    }

    /** All transfers, those that show the scaling included. */
    public List<Transfer> transfers() {
        return Collections.unmodifiableList(transfers);
    }

    /** All that are no transfers. */
    List<Result> others() {
        return Collections.unmodifiableList(others);
    }

    List<Failure> failures() {
        return failures;
    }

    List<MemoryCurve> memory() {
        return memory;
    }

    List<String> environment() {
        return environment;
    }

    private static List<Failure> failures(Path file) throws IOException {
        List<Failure> failures = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                // The reason comes last, so that it may have commas.
                String[] fields = line.split(",", 4);
                if (line.isBlank() || line.equals("benchmark,client,transport,reason")) {
                    continue;
                }
                if (fields.length < 4) {
                    throw new IOException(file + ": '" + line + "' is not benchmark,client,transport,reason: mend or"
                            + " remove that line");
                }
                failures.add(new Failure(
                        withoutPackage(fields[0].strip()), fields[1].strip(), fields[2].strip(), fields[3].strip()));
            }
        }
        return failures.stream().distinct().toList(); // one for each setting that was tried
    }

    private static String withoutPackage(String benchmark) {
        return benchmark.replaceFirst("^([a-z0-9_]+\\.)+(?=[A-Z])", "");
    }

    private static List<MemoryCurve> memory(Path directory) throws IOException {
        List<MemoryCurve> curves = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            for (Path file : list(directory, "*.csv")) {
                String name = file.getFileName().toString();
                String[] words =
                        name.substring(0, name.length() - ".csv".length()).split("-");
                if (words.length != 3) {
                    throw new IOException(file + " is not named BENCHMARK-CLIENT-TRANSPORT.csv: rename or remove it");
                }
                curves.add(curve(file, words));
            }
        }
        return curves;
    }

    private static MemoryCurve curve(Path file, String[] words) throws IOException {
        List<Double> seconds = new ArrayList<>();
        List<Double> mebibytes = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank() || line.equals("seconds,MiB")) {
                continue;
            }
            String[] fields = line.split(",");
            try {
                seconds.add(Double.parseDouble(fields[0]));
                mebibytes.add(Double.parseDouble(fields[1]));
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                throw new IOException(file + ": '" + line + "' is not seconds,MiB: mend or remove the file", e);
            }
        }
        if (seconds.isEmpty()) {
            throw new IOException(file + " is empty: run that benchmark again, or remove the file");
        }
        return new MemoryCurve(withoutPackage(words[0]), words[1], words[2], seconds, mebibytes);
    }

    /** In the order of their names, so that a report does not depend on the file system. */
    private static List<Path> list(Path directory, String glob) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
            stream.forEach(files::add);
        }
        Collections.sort(files);
        return files;
    }
}
