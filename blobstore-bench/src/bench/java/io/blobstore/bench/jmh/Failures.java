package io.blobstore.bench.jmh;

import io.blobstore.bench.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.openjdk.jmh.infra.BenchmarkParams;

/** Who could not run: JMH leaves them out, and a report must not. */
final class Failures {
    private Failures() {}

    /** Does something, and if that fails, notes it in the file that {@link Trial#FAILURES} names. */
    static void note(BenchmarkParams benchmark, Step step) throws Exception {
        try {
            step.run();
        } catch (Exception e) {
            note(benchmark, e);
            throw e;
        }
    }

    private static void note(BenchmarkParams benchmark, Exception problem) throws IOException {
        String file = System.getProperty(Trial.FAILURES);
        if (file != null) {
            String reason = String.valueOf(problem.getMessage()).replaceAll("[\\r\\n]+", " ");
            String line = String.join(
                    ",",
                    benchmark.getBenchmark(),
                    benchmark.getParam(Transfers.CLIENT),
                    benchmark.getParam(Transfers.TRANSPORT),
                    reason);
            Files.writeString(Path.of(file), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    /** What may fail. */
    @FunctionalInterface
    interface Step {
        void run() throws Exception;
    }
}
