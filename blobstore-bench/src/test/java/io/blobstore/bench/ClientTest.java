package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.Campaign;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each client transfers a small content over HTTP in this JVM; {@link ClientProcessTest} has processes and HTTPS. */
class ClientTest {
    private static final int PART = 5 << 20;
    private static final int SIZE = 2 * PART + 1000;

    private DiscardServer server;

    @TempDir
    Path directory;

    @BeforeAll
    static void configureSdks() {
        System.setProperty("aws.accessKeyId", "benchmark");
        System.setProperty("aws.secretAccessKey", "benchmark");
        System.setProperty("GOOGLE_CLOUD_PROJECT", "benchmark");
    }

    @BeforeEach
    void start() throws Exception {
        server = DiscardServer.start(Optional.empty(), SIZE, Conditions.NONE);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private TransferSpec spec(Operation operation, int size, int partSize) throws Exception {
        byte[] content = new byte[size];
        new SplittableRandom(1).nextBytes(content);
        Path file = Files.write(directory.resolve("content"), content);
        URI endpoint = URI.create("http://127.0.0.1:" + server.port());
        return new TransferSpec(operation, Transport.HTTP, endpoint, "some/key", file, partSize, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, UPLOAD", "HAND_ROLLED, READ", "HAND_ROLLED, DOWNLOAD", "JDK_HTTP_CLIENT, UPLOAD",
        "NETTY_ASYNC, READ", "CRT_TRANSFER_MANAGER, UPLOAD", "APACHE_SYNC_DEFAULT, READ", "GCS_BLOBSTORE, UPLOAD",
        "GCS_STORAGE, READ", "GCS_TRANSFER_MANAGER_DEFAULT, DOWNLOAD"
    })
    void representativesTransferTheContent(ClientType type, Operation operation) throws Exception {
        transfersTheContentRepeatedly(type, operation);
    }

    @Campaign(representedBy = ClientTest.class)
    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, READ",
        "BLOBSTORE, DOWNLOAD",
        "HAND_ROLLED, UPLOAD",
        "SENDFILE, UPLOAD",
        "JDK_HTTP_CLIENT, READ",
        "JDK_HTTP_CLIENT, DOWNLOAD",
        "NETTY_ASYNC, UPLOAD",
        "CRT_ASYNC, UPLOAD",
        "CRT_ASYNC, READ",
        "CRT_TRANSFER_MANAGER, DOWNLOAD",
        "NETTY_TRANSFER_MANAGER, UPLOAD",
        "NETTY_TRANSFER_MANAGER, DOWNLOAD",
        "CRT_TRANSFER_MANAGER_DEFAULT, UPLOAD",
        "CRT_TRANSFER_MANAGER_DEFAULT, DOWNLOAD",
        "NETTY_TRANSFER_MANAGER_DEFAULT, UPLOAD",
        "NETTY_TRANSFER_MANAGER_DEFAULT, DOWNLOAD",
        "APACHE_SYNC, UPLOAD",
        "APACHE_SYNC, READ",
        "APACHE_SYNC_DEFAULT, UPLOAD",
        "APACHE_SYNC_DEFAULT, DOWNLOAD",
        "OPENDAL, UPLOAD",
        "OPENDAL, READ",
        "OPENDAL, DOWNLOAD",
        "GCS_BLOBSTORE, READ",
        "GCS_BLOBSTORE, DOWNLOAD",
        "GCS_MULTIPART_CLIENT, UPLOAD",
        "GCS_STORAGE_DEFAULT, READ",
        "GCS_STORAGE_DEFAULT, DOWNLOAD",
        "GCS_TRANSFER_MANAGER_DEFAULT, UPLOAD"
    })
    void transfersTheContentRepeatedly(ClientType type, Operation operation) throws Exception {
        assumeThat(type.isAvailable()).isTrue();
        TransferSpec spec = spec(operation, SIZE, PART);

        try (BenchmarkClient client = type.open(spec)) {
            client.round();
            client.round();
        }

        TrafficLog.Traffic traffic = server.traffic("/bench/some/key");
        assertThat(operation == Operation.UPLOAD ? traffic.received() : traffic.sent())
                .isGreaterThanOrEqualTo(2L * SIZE);
        assertThat(traffic.security()).containsExactly("none");
        if (operation != Operation.UPLOAD) {
            Path target = operation == Operation.READ ? spec.file() : spec.download();
            assertThat(Crc32c.of(ByteBuffer.wrap(Files.readAllBytes(target))))
                    .isEqualTo(new ServedObject(SIZE).checksum());
        }
    }

    @ParameterizedTest
    @Campaign(representedBy = ClientTest.class)
    @CsvSource({"BLOBSTORE", "HAND_ROLLED", "APACHE_SYNC", "NETTY_ASYNC", "CRT_ASYNC", "GCS_BLOBSTORE", "GCS_STORAGE"})
    void transfersSmallObjects(ClientType type) throws Exception {
        server.close();
        server = DiscardServer.start(Optional.empty(), 4096, Conditions.NONE);
        try (SmallObjectsClient client = (SmallObjectsClient) type.open(spec(Operation.GET, 4096, 4096))) {
            client.client.put(ByteBuffer.allocateDirect(4096));
            client.client.get(ByteBuffer.allocateDirect(4096));
        }

        assertThat(server.traffic("/bench/some/key").received()).isGreaterThanOrEqualTo(4096);
        assertThat(server.traffic("/bench/some/key").sent()).isGreaterThanOrEqualTo(4096);
    }

    /** More than 32 parts, so that some are composed of composed ones; the SDK compares the checksum of the whole. */
    @Test
    void aCompositeUploadArrivesAsAWhole() throws Exception {
        TransferSpec spec = spec(Operation.UPLOAD, 40 * (64 << 10) + 123, 64 << 10);

        try (BenchmarkClient client = ClientType.GCS_TRANSFER_MANAGER.open(spec)) {
            client.round();
            client.round();
        }

        assertThat(server.traffic("/bench/some/key").received()).isEqualTo(2 * Files.size(spec.file()));
        try (HandRolledConnection connection = new HandRolledConnection(spec)) {
            assertThat(connection.checksum("/bench/some/key"))
                    .isEqualTo(Crc32c.of(ByteBuffer.wrap(Files.readAllBytes(spec.file())))
                            .base64());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SENDFILE, READ, uploads over HTTP only",
        "GCS_MULTIPART_CLIENT, READ, uploads only",
        "GCS_STORAGE, DOWNLOAD, reads into memory only",
        "GCS_STORAGE_DEFAULT, UPLOAD, reads and downloads only",
        "GCS_TRANSFER_MANAGER, DOWNLOAD, downloads in parts only more than 128 MiB",
        "GCS_TRANSFER_MANAGER, READ, uploads and downloads files only",
        "GCS_TRANSFER_MANAGER, UPLOAD, 'uploads in parts only if there are more than 4'",
    })
    void unsupportedOperationsAreRefused(ClientType type, Operation operation, String reason) throws Exception {
        TransferSpec spec = spec(operation, SIZE, PART);
        assertThatThrownBy(() -> type.open(spec))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining(reason);
    }
}
