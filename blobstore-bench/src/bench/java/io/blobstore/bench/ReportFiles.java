package io.blobstore.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What one step measured in turns, written as JMH writes its results, so that one report is made of both: each round is
 * there as a fork of JMH's is, as ratios are taken within a round.
 */
final class ReportFiles {
    private static final String PACKAGE = "io.blobstore.bench.jmh.";
    private static final double GIB = 1L << 30;
    private static final double MIB = 1L << 20;
    private static final double KIB = 1L << 10;
    private static final double MICROS = 1e6;
    private static final double PERCENT = 100;
    private static final double NANOS_PER_MICRO = 1e3;

    private final Path directory;
    private final List<Map<String, Object>> results = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private final Map<Path, List<String>> memory = new LinkedHashMap<>();

    /** To be written into a directory. */
    ReportFiles(Path directory) {
        this.directory = directory;
    }

    /** Adds what was measured of a client. */
    void add(Comparison comparison, Client client) {
        boolean isSmall = comparison.direction().isOfSmallObjects();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("benchmark", PACKAGE + comparison.benchmark());
        result.put("mode", isSmall ? "sample" : "avgt");
        result.put("threads", isSmall ? comparison.concurrency() : 1);
        result.put("params", params(comparison, client));
        result.put("primaryMetric", isSmall ? latencies(client) : metric(client, "s/op", Measurement::wallSeconds));
        result.put("secondaryMetrics", isSmall ? ofObjects(client) : ofTransfers(client, comparison.size() / GIB));
        results.add(result);
        if (!isSmall) {
            Path curve = Path.of("memory")
                    .resolve(comparison.benchmark() + "-" + client.competitor().name() + "-" + comparison.transport()
                            + ".csv");
            memory.put(curve, client.memory().lines());
        }
    }

    /** Adds who could not take part. */
    void addFailure(Comparison comparison, Competitor competitor, String reason) {
        failures.add(String.join(
                ",",
                comparison.benchmark(),
                competitor.name(),
                comparison.transport(),
                reason.replaceAll("[\\r\\n]+", " ")));
    }

    private static Map<String, String> params(Comparison comparison, Client client) {
        Map<String, String> params = new LinkedHashMap<>();
        params.put("client", client.competitor().name());
        params.put("transport", comparison.transport());
        if (comparison.direction().isOfSmallObjects()) {
            params.put("bytes", Long.toString(comparison.size()));
        } else {
            params.put("mib", Long.toString(comparison.size() >> 20));
            params.put("partMib", Integer.toString(comparison.partSize() >> 20));
            params.put("concurrency", Integer.toString(comparison.concurrency()));
        }
        return params;
    }

    private static Map<String, Object> ofTransfers(Client client, double gib) {
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("cpu", metric(client, "s/GiB", round -> round.steadyCpuSeconds() / gib));
        addHeap(metrics, client, "MiB/GiB", round -> round.heapBytes() / MIB / gib);
        addProcess(metrics, client);
        return metrics;
    }

    private static Map<String, Object> ofObjects(Client client) {
        int objects = SmallObjectsClient.OBJECTS;
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("operations", metric(client, "ops/s", round -> objects / round.wallSeconds()));
        metrics.put("cpu", metric(client, "us/op", round -> round.steadyCpuSeconds() * MICROS / objects));
        addHeap(metrics, client, "KiB/op", round -> round.heapBytes() / KIB / objects);
        addProcess(metrics, client);
        return metrics;
    }

    private static void addHeap(
            Map<String, Object> metrics, Client client, String unit, ToDoubleFunction<Measurement> value) {
        if (client.rounds().stream().allMatch(Measurement::heapIsComplete)) {
            metrics.put("heap", metric(client, unit, value));
        }
    }

    private static void addProcess(Map<String, Object> metrics, Client client) {
        metrics.put("memory", Map.of("scoreUnit", "MiB", "score", client.memoryGrowth() / MIB));
        metrics.put("gc", metric(client, "counts", Measurement::collections));
        metrics.put("compilers", metric(client, "%", round -> round.compileSeconds() / round.cpuSeconds() * PERCENT));
    }

    private static Map<String, Object> metric(Client client, String unit, ToDoubleFunction<Measurement> value) {
        List<List<Double>> rounds = client.rounds().stream()
                .map(round -> List.of(value.applyAsDouble(round)))
                .toList();
        return Map.of("scoreUnit", unit, "rawData", rounds);
    }

    private static Map<String, Object> latencies(Client client) {
        Latencies all = new Latencies();
        client.rounds().forEach(round -> all.addAll(round.latencies()));
        List<List<Object>> histogram = new ArrayList<>();
        all.counts().forEach((nanos, count) -> histogram.add(List.of(nanos / NANOS_PER_MICRO, count)));
        return Map.of("scoreUnit", "us/op", "rawDataHistogram", List.of(List.of(histogram)));
    }

    /** Writes it all; the results last, and at once, as they tell that the step is done. */
    void write(Path file) throws IOException {
        for (Map.Entry<Path, List<String>> curve : memory.entrySet()) {
            Path target = directory.resolve(curve.getKey());
            Files.createDirectories(target.getParent());
            Files.write(target, curve.getValue());
        }
        Files.write(directory.resolve("failures.csv"), failures, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                unfinished, JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(results));
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
