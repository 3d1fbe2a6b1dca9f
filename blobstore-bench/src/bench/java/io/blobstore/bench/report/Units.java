package io.blobstore.bench.report;

import java.io.IOException;
import java.util.Map;

/** JMH's units of time. */
final class Units {
    private static final Map<String, Double> SECONDS = Map.of("s", 1.0, "ms", 1e-3, "us", 1e-6, "ns", 1e-9);

    private Units() {}

    /** How many seconds a result's one is, such as 0.001 for ms/op. */
    static double secondsPerOperation(Result result) throws IOException {
        Double seconds = SECONDS.get(result.primary().unit().replaceFirst("/op$", ""));
        if (seconds == null) {
            throw new IOException(
                    result.file() + ": the unit " + result.primary().unit() + " of " + result.benchmark() + " (mode "
                            + result.mode() + ") is not known: run it again with -tu s, ms, us or ns");
        }
        return seconds;
    }
}
