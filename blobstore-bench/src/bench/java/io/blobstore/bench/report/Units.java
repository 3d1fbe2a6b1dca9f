package io.blobstore.bench.report;

import java.io.IOException;
import java.util.Map;

/** JMH's units of time. */
final class Units {
    private static final Map<String, Double> SECONDS = Map.of("s", 1.0, "ms", 1e-3, "us", 1e-6, "ns", 1e-9);

    private Units() {}

    /** How many seconds a result's one is, such as 0.001 for ms/op. */
    static double secondsPerOperation(Result result) throws IOException {
        return seconds(result, result.primary().unit().replaceFirst("/op$", ""));
    }

    /** How many operations per second a result's one is, such as 1000 for ops/ms. */
    static double operationsPerSecond(Result result) throws IOException {
        return 1 / seconds(result, result.primary().unit().replaceFirst("^ops/", ""));
    }

    private static double seconds(Result result, String unit) throws IOException {
        Double seconds = SECONDS.get(unit);
        if (seconds == null) {
            throw new IOException(
                    result.file() + ": the unit " + result.primary().unit() + " of " + result.benchmark() + " (mode "
                            + result.mode() + ") is not known: run it again with -tu s, ms, us or ns");
        }
        return seconds;
    }
}
