package io.blobstore.bench.report;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A result of JMH.
 *
 * @param file where it was
 * @param benchmark class and method, without the package
 * @param params in the file's order; threads are among them where there are several
 */
record Result(
        Path file,
        String benchmark,
        String mode,
        Map<String, String> params,
        Metric primary,
        Map<String, Metric> secondary) {
    static final String AVERAGE = "avgt";
    static final String SAMPLES = "sample";

    String benchmarkClass() {
        return benchmark.substring(0, benchmark.indexOf('.'));
    }

    String method() {
        return benchmark.substring(benchmark.indexOf('.') + 1);
    }

    Optional<Metric> secondary(String name) {
        return Optional.ofNullable(secondary.get(name));
    }

    /** What makes two results be of one kind, so that they are shown as one. */
    List<Object> identity() {
        return List.of(benchmark, mode, params, primary.unit());
    }

    /** Both, as if of one run. */
    Result and(Result other) {
        Map<String, Metric> both = new LinkedHashMap<>(secondary);
        other.secondary.forEach((name, metric) -> both.merge(name, metric, Metric::and));
        return new Result(file, benchmark, mode, params, primary.and(other.primary), both);
    }
}
