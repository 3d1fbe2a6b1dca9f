package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What whole transfers take beside the content's own memory, in a JVM that has no room for more: bytes allocated on the
 * heap, and copies outside it. Counts and bounds, no times.
 */
class FootprintTest {
    private static final long SIZE = 128L << 20;
    private static final int PART = 8 << 20;
    private static final int CONCURRENCY = 4;
    private static final int WARM_UP = 16;
    private static final int ROUNDS = 4;
    private static final double MIB = 1 << 20;

    @TempDir
    private static Path directory;

    private static BenchmarkEnvironment laboratory;

    @BeforeAll
    static void start() throws Exception {
        laboratory = new BenchmarkEnvironment(directory, SIZE, Conditions.NONE);
    }

    @AfterAll
    static void stop() {
        laboratory.close();
    }

    /**
     * Heap and direct memory have less room than the parts under way, so that none is copied as a whole; on their way
     * into a file, neither.
     */
    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, HTTP_UPLOAD, 8, 8",
        "BLOBSTORE, HTTPS_UPLOAD, 16, 8",
        "BLOBSTORE, HTTP_READ, 8, 8",
        "BLOBSTORE, HTTPS_READ, 16, 8",
        "BLOBSTORE, HTTP_DOWNLOAD, 8, 8",
        "GCS_BLOBSTORE, GCS_HTTP_UPLOAD, 8, 8",
        "GCS_BLOBSTORE, GCS_HTTPS_UPLOAD, 16, 8",
        "GCS_BLOBSTORE, GCS_HTTP_READ, 8, 8",
    })
    void staysUnderItsLimits(Competitor competitor, Scenario scenario, double heapMibPerGib, int directMib)
            throws Exception {
        TransferSpec job = laboratory.job(competitor, scenario, PART, CONCURRENCY);
        try (Client client =
                Client.start(competitor, job, laboratory, "-Xmx28m", "-XX:MaxDirectMemorySize=" + directMib + "m")) {
            client.run(WARM_UP); // code that is not yet compiled allocates what escapes nowhere

            Measurement measured = client.run(ROUNDS);

            laboratory.requireTraffic(job, WARM_UP + ROUNDS);
            assertThat(measured.heapIsComplete()).isTrue();
            double gib = (double) ROUNDS * SIZE / (1L << 30);
            assertThat(measured.heapBytes() / MIB / gib).isBetween(0.1, heapMibPerGib);
        }
    }
}
