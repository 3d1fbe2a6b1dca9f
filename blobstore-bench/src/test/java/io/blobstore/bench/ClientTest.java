package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.Crc32c;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Peers that no test of a benchmark has, each in its own process. The tag is for {@code .ci/run}, which has them run on
 * one JDK.
 */
@Tag("one-jdk")
class ClientTest {
    private static final long SIZE = (17L << 20) + 1000;
    private static final int PART = 5 << 20;

    @TempDir
    static Path directory;

    private static BenchmarkEnvironment laboratory;

    @BeforeAll
    static void start() throws Exception {
        laboratory = new BenchmarkEnvironment(directory, SIZE, Conditions.NONE);
    }

    @AfterAll
    static void stop() {
        laboratory.close();
        assertThat(directory).isEmptyDirectory();
    }

    private static TransferSpec job(Competitor competitor, Scenario scenario) throws Exception {
        return laboratory.job(competitor, scenario, PART, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "SENDFILE, HTTP_UPLOAD",
        "JDK_HTTP_CLIENT, HTTP_UPLOAD",
        "JDK_HTTP_CLIENT, HTTPS_UPLOAD_JDK",
        "JDK_HTTP_CLIENT, HTTP_READ",
        "JDK_HTTP_CLIENT, HTTPS_READ",
        "JDK_HTTP_CLIENT, HTTP_DOWNLOAD",
        "OPENDAL, HTTP_UPLOAD",
        "OPENDAL, HTTP_READ",
        "OPENDAL, HTTP_DOWNLOAD",
        "OPENDAL_WHOLE, HTTP_UPLOAD",
        "CRT_TRANSFER_MANAGER_DEFAULT, HTTP_UPLOAD",
        "CRT_TRANSFER_MANAGER_DEFAULT, HTTPS_UPLOAD",
        "CRT_TRANSFER_MANAGER_DEFAULT, HTTP_DOWNLOAD",
        "NETTY_TRANSFER_MANAGER_DEFAULT, HTTP_UPLOAD",
        "NETTY_TRANSFER_MANAGER_DEFAULT, HTTPS_UPLOAD",
        "NETTY_TRANSFER_MANAGER_DEFAULT, HTTP_DOWNLOAD",
        "NETTY_ASYNC_DEFAULT, HTTP_UPLOAD",
        "NETTY_ASYNC_DEFAULT, HTTPS_UPLOAD",
        "NETTY_ASYNC_DEFAULT, HTTP_DOWNLOAD",
        "CRT_ASYNC, HTTP_UPLOAD",
        "APACHE_SYNC_DEFAULT, HTTP_UPLOAD",
        "APACHE_SYNC_DEFAULT, HTTPS_UPLOAD_JDK",
        "APACHE_SYNC_DEFAULT, HTTP_READ",
        "APACHE_SYNC_DEFAULT, HTTP_DOWNLOAD",
        "GCS_TRANSFER_MANAGER_DEFAULT, GCS_HTTP_UPLOAD",
        "GCS_TRANSFER_MANAGER_DEFAULT, GCS_HTTPS_UPLOAD",
        "GCS_TRANSFER_MANAGER_DEFAULT, HTTP_DOWNLOAD",
        "GCS_TRANSFER_MANAGER_DEFAULT, HTTPS_DOWNLOAD",
        "GCS_STORAGE, GCS_HTTP_READ",
        "GCS_STORAGE, HTTPS_READ",
        "GCS_STORAGE_DEFAULT, GCS_HTTP_READ",
        "GCS_STORAGE_DEFAULT, HTTPS_READ",
        "GCS_STORAGE_DEFAULT, HTTP_DOWNLOAD",
        "GCS_STORAGE_DEFAULT, HTTPS_DOWNLOAD",
    })
    void movesTheContentAgainAndAgain(Competitor competitor, Scenario scenario) throws Exception {
        assumeThat(competitor.isAvailable()).isTrue();
        TransferSpec job = job(competitor, scenario);

        try (Client client = start(competitor, job, laboratory)) {
            client.run(2);
        }

        assertThat(laboratory.requireTraffic(job, 2)).matches(scenario.transport.isEncrypted() ? "TLSv1\\..*" : "none");
        if (scenario.direction == Scenario.Direction.DOWNLOAD) {
            assertThat(downloaded(job)).isEqualTo(new ServedObject(SIZE).checksum());
        }
    }

    /** With the compiler that is done soonest: nothing is measured here. */
    private static Client start(Competitor competitor, TransferSpec job, BenchmarkEnvironment laboratory)
            throws Exception {
        return Client.start(competitor, job, laboratory, "-XX:TieredStopAtLevel=1");
    }

    private static Crc32c downloaded(TransferSpec job) throws Exception {
        Path file = job.file()
                .resolveSibling(job.file().getFileName() + "-" + job.key().replace('/', '-'));
        return Crc32c.of(WarmMapping.forReading(file).whole());
    }

    /** It takes that much for Google's transfer manager to divide it. */
    @ParameterizedTest
    @CsvSource({"HTTP_DOWNLOAD", "HTTPS_DOWNLOAD"})
    void aLargeObjectIsDownloadedInParts(Scenario scenario) throws Exception {
        long size = (128L << 20) + 1000;
        try (BenchmarkEnvironment large = new BenchmarkEnvironment(directory, size, Conditions.NONE)) {
            TransferSpec job = large.job(Competitor.GCS_TRANSFER_MANAGER, scenario, PART, 2);

            try (Client client = start(Competitor.GCS_TRANSFER_MANAGER, job, large)) {
                client.run(1);
            }

            large.requireTraffic(job, 1);
            assertThat(downloaded(job)).isEqualTo(new ServedObject(size).checksum());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SENDFILE, HTTPS_UPLOAD, uploads over HTTP only",
        "SENDFILE, HTTP_READ, uploads over HTTP only",
        "GCS_MULTIPART_CLIENT, GCS_HTTP_READ, it uploads only",
        "GCS_WRITE_SESSION, GCS_HTTP_READ, it uploads only",
        "OPENDAL, HTTPS_UPLOAD, it trusts the public authorities only",
        "OPENDAL, HTTPS_READ, it trusts the public authorities only",
        "GCS_STORAGE, HTTP_DOWNLOAD, it reads into memory only",
        "GCS_STORAGE_DEFAULT, GCS_HTTP_UPLOAD, it reads and downloads only",
        "GCS_TRANSFER_MANAGER, HTTP_DOWNLOAD, it downloads in parts only more than 128 MiB",
        "GCS_TRANSFER_MANAGER, GCS_HTTP_READ, 'it uploads files, and downloads to them'",
    })
    void whoCannotDoItSaysSo(Competitor competitor, Scenario scenario, String reason) {
        assumeThat(competitor.isAvailable()).isTrue();
        assertThatThrownBy(() -> start(competitor, job(competitor, scenario), laboratory))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void anArrayThatTheHeapIsTooSmallForIsNotMade() throws Exception {
        assumeThat(Competitor.OPENDAL_WHOLE.isAvailable()).isTrue();
        TransferSpec job = job(Competitor.OPENDAL_WHOLE, Scenario.HTTP_UPLOAD);

        assertThatThrownBy(() -> Client.start(Competitor.OPENDAL_WHOLE, job, laboratory, "-Xmx32m"))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining("it takes the object as one array, and half the heap is 16 MiB");
    }

    @ParameterizedTest
    @CsvSource({"HTTP_UPLOAD", "HTTP_READ", "HTTPS_UPLOAD", "HTTPS_READ"})
    void whatIsRefusedIsAskedForAgain(Scenario scenario) throws Exception {
        try (BenchmarkEnvironment troubled =
                new BenchmarkEnvironment(directory, SIZE, new Conditions(Duration.ZERO, Long.MAX_VALUE, 3))) {
            TransferSpec job = troubled.job(Competitor.BLOBSTORE, scenario, PART, 2);

            try (Client client = start(Competitor.BLOBSTORE, job, troubled)) {
                client.run(1);
            }

            troubled.requireTraffic(job, 1);
        }
    }
}
