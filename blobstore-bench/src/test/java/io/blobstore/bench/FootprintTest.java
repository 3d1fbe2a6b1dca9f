package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The memory of whole transfers in addition to the content, in a JVM without room for more: bytes allocated on the
 * heap, and copies outside of it. Counts and bounds, no times.
 */
@Tag("jdk")
class FootprintTest {
    private static final long SIZE = 128L << 20;
    private static final int PART = 8 << 20;
    private static final int CONCURRENCY = 4;
    private static final int WARM_UP = 16;
    private static final int ROUNDS = 4;
    private static final double MIB = 1 << 20;

    @TempDir
    private static Path directory;

    private static BenchmarkEnvironment environment;

    @BeforeAll
    static void start() throws Exception {
        environment = new BenchmarkEnvironment(directory, SIZE, Conditions.NONE);
    }

    @AfterAll
    static void stop() {
        environment.close();
    }

    /**
     * Heap and direct memory have less room than the concurrent parts, so that none can be copied as a whole, not even
     * on the way into a file.
     */
    @ParameterizedTest
    @CsvSource({"BLOBSTORE, UPLOAD, HTTP, 8, 8", "BLOBSTORE, READ, HTTPS, 16, 8"})
    void representativesStayUnderTheirLimits(
            ClientType type, Operation operation, Transport transport, double heapMibPerGib, int directMib)
            throws Exception {
        staysUnderItsLimits(type, operation, transport, heapMibPerGib, directMib);
    }

    @Campaign(representedBy = FootprintTest.class)
    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, UPLOAD, HTTPS, 16, 8",
        "BLOBSTORE, READ, HTTP, 8, 8",
        "BLOBSTORE, DOWNLOAD, HTTP, 8, 8",
        "GCS_BLOBSTORE, UPLOAD, HTTP, 8, 8",
        "GCS_BLOBSTORE, UPLOAD, HTTPS, 16, 8",
        "GCS_BLOBSTORE, READ, HTTP, 8, 8",
    })
    void staysUnderItsLimits(
            ClientType type, Operation operation, Transport transport, double heapMibPerGib, int directMib)
            throws Exception {
        TransferSpec spec = environment.spec(type, operation, transport, PART, CONCURRENCY);
        try (ClientProcess client =
                ClientProcess.start(type, spec, environment, "-Xmx28m", "-XX:MaxDirectMemorySize=" + directMib + "m")) {
            client.run(WARM_UP); // interpreted code allocates objects that do not escape

            Measurement measured = client.run(ROUNDS);

            environment.requireTraffic(spec, WARM_UP + ROUNDS);
            assertThat(measured.heapIsComplete()).isTrue();
            double gib = (double) ROUNDS * SIZE / (1L << 30);
            assertThat(measured.heapBytes() / MIB / gib).isBetween(0.1, heapMibPerGib);
        }
    }

    /**
     * Memory outside of the heap does not grow with the number of uploads. The whole heap is touched at the start, as
     * uncollected garbage would look like growth, and only C1 compiles, as C2's memory would. The allowed growth is for
     * further compilation; it would be ten times that if each upload kept one part.
     */
    @Campaign(representedBy = FootprintTest.class)
    @ParameterizedTest
    @EnumSource(names = {"HTTP", "HTTPS"})
    @EnabledOnOs(OS.LINUX)
    void repeatedUploadsKeepNoMemory(Transport transport) throws Exception {
        String[] steady = {"-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1"};
        TransferSpec spec = environment.spec(ClientType.BLOBSTORE, Operation.UPLOAD, transport, PART, 2 * CONCURRENCY);
        try (ClientProcess client = ClientProcess.start(ClientType.BLOBSTORE, spec, environment, steady)) {
            client.run(1);
            double once = client.memoryGrowth() / MIB;
            client.run(WARM_UP + ROUNDS - 1);
            double often = client.memoryGrowth() / MIB;

            environment.requireTraffic(spec, WARM_UP + ROUNDS);
            assertThat(often).isBetween(1.0, 64.0);
            assertThat(often - once).isLessThan(16);
        }
    }
}
