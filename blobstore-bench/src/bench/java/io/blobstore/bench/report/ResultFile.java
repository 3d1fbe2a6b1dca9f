package io.blobstore.bench.report;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A file as JMH writes it with {@code -rf json}. */
final class ResultFile {
    private final Path file;

    private ResultFile(Path file) {
        this.file = file;
    }

    /**
     * What is in it.
     *
     * @throws IOException if it is empty, or not what JMH writes; the message says which file, and what to do
     */
    static List<Result> read(Path file) throws IOException {
        return new ResultFile(file).read();
    }

    private List<Result> read() throws IOException {
        byte[] content = Files.readAllBytes(file);
        if (content.length == 0) {
            throw broken("it is empty, as JMH leaves it when it is ended early", null);
        }
        List<?> entries;
        try {
            entries = list(JSON.std.anyFrom(content), "the file");
        } catch (JacksonException e) {
            throw broken(e.getOriginalMessage(), e);
        }
        if (entries.isEmpty()) {
            throw broken("it holds no result, as when no benchmark matched", null);
        }
        List<Result> results = new ArrayList<>();
        for (Object entry : entries) {
            results.add(result(map(entry, "a result")));
        }
        return results;
    }

    private Result result(Map<?, ?> entry) throws IOException {
        String name = text(entry, "benchmark");
        String[] words = name.split("\\.");
        if (words.length < 2) {
            throw broken("the benchmark '" + name + "' names no class and method", null);
        }
        Map<String, String> params = new LinkedHashMap<>();
        if (entry.get("params") != null) {
            map(entry.get("params"), "params").forEach((key, value) -> params.put(key.toString(), value.toString()));
        }
        if (entry.get("threads") instanceof Number threads && threads.intValue() > 1) {
            params.put("threads", threads.toString());
        }
        Map<String, Metric> secondary = new LinkedHashMap<>();
        if (entry.get("secondaryMetrics") != null) {
            for (Map.Entry<?, ?> metric :
                    map(entry.get("secondaryMetrics"), "secondaryMetrics").entrySet()) {
                String key = metric.getKey().toString();
                // Percentiles, such as put:p0.99, follow from the samples.
                if (!key.matches(".*:.*p[01]\\.\\d+")) {
                    secondary.put(key, metric(map(metric.getValue(), key), false));
                }
            }
        }
        String mode = text(entry, "mode");
        return new Result(
                file,
                words[words.length - 2] + "." + words[words.length - 1],
                mode,
                params,
                metric(map(entry.get("primaryMetric"), "primaryMetric"), mode.equals(Result.SAMPLES)),
                secondary);
    }

    private Metric metric(Map<?, ?> metric, boolean sampled) throws IOException {
        List<List<Double>> groups = new ArrayList<>();
        if (metric.get("rawData") != null) {
            for (Object fork : list(metric.get("rawData"), "rawData")) {
                addNumbers(groups, list(fork, "rawData"));
            }
        }
        SortedMap<Double, Long> histogram = new TreeMap<>();
        if (metric.get("rawDataHistogram") != null) {
            for (Object fork : list(metric.get("rawDataHistogram"), "rawDataHistogram")) {
                for (Object iteration : list(fork, "rawDataHistogram")) {
                    for (Object sample : list(iteration, "rawDataHistogram")) {
                        addSample(histogram, list(sample, "rawDataHistogram"));
                    }
                }
            }
        }
        SortedMap<Double, Double> percentiles = new TreeMap<>();
        if (sampled && histogram.isEmpty()) {
            percentiles.putAll(percentiles(metric));
        }
        if (groups.isEmpty() && histogram.isEmpty() && percentiles.isEmpty()) {
            // What a profiler counts once, after the last iteration, has no raw data.
            addNumbers(groups, Collections.singletonList(metric.get("score")));
        }
        return new Metric(text(metric, "scoreUnit"), groups, histogram, percentiles);
    }

    private SortedMap<Double, Double> percentiles(Map<?, ?> metric) throws IOException {
        SortedMap<Double, Double> percentiles = new TreeMap<>();
        if (metric.get("scorePercentiles") != null) {
            for (Map.Entry<?, ?> percentile :
                    map(metric.get("scorePercentiles"), "scorePercentiles").entrySet()) {
                double value = number(percentile.getValue());
                if (Double.isFinite(value)) {
                    percentiles.put(number(percentile.getKey()), value);
                }
            }
        }
        return percentiles;
    }

    private void addSample(SortedMap<Double, Long> histogram, List<?> sample) throws IOException {
        if (sample.size() != 2) {
            throw broken("a sample is not a value and a count", null);
        }
        histogram.merge(number(sample.get(0)), (long) number(sample.get(1)), Long::sum);
    }

    private void addNumbers(List<List<Double>> groups, List<?> values) throws IOException {
        List<Double> numbers = new ArrayList<>();
        for (Object value : values) {
            double number = number(value);
            if (Double.isFinite(number)) {
                numbers.add(number);
            }
        }
        if (!numbers.isEmpty()) {
            groups.add(numbers);
        }
    }

    private double number(@Nullable Object value) throws IOException {
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        // So JMH writes what is no number of JSON.
        if ("+INF".equals(value) || "-INF".equals(value)) {
            return Double.NaN;
        }
        try {
            return Double.parseDouble(String.valueOf(value));
        } catch (NumberFormatException e) {
            throw broken("'" + value + "' is in the place of a number", e);
        }
    }

    private String text(Map<?, ?> map, String key) throws IOException {
        if (map.get(key) instanceof String text) {
            return text;
        }
        throw broken("'" + key + "' is missing", null);
    }

    private Map<?, ?> map(@Nullable Object value, String what) throws IOException {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw broken(what + " is not an object", null);
    }

    private List<?> list(@Nullable Object value, String what) throws IOException {
        if (value instanceof List<?> list) {
            return list;
        }
        throw broken(what + " is not an array", null);
    }

    private IOException broken(String reason, @Nullable Throwable cause) {
        return new IOException(
                file + " is not a result of JMH (" + reason
                        + "): run that benchmark again with -rf json -rff, or take the file out of the directory",
                cause);
    }
}
