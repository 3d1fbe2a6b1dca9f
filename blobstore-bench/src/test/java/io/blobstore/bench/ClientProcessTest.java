package io.blobstore.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.Campaign;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients in processes of their own, over HTTPS; {@link ClientTest} represents them in the quick tier. */
@Campaign(representedBy = ClientTest.class)
class ClientProcessTest {
    private static final long SIZE = (17L << 20) + 1000;
    private static final int PART = 5 << 20;

    @TempDir
    static Path directory;

    private static BenchmarkEnvironment environment;

    @BeforeAll
    static void start() throws Exception {
        environment = new BenchmarkEnvironment(directory, SIZE, Conditions.NONE);
    }

    @AfterAll
    static void stop() {
        environment.close();
        assertThat(directory).isEmptyDirectory();
    }

    /** Starts a client with C1 only, which starts fastest: nothing is measured here. */
    private static ClientProcess start(ClientType type, TransferSpec spec, BenchmarkEnvironment in) throws Exception {
        return ClientProcess.start(type, spec, in, "-XX:TieredStopAtLevel=1");
    }

    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, UPLOAD, HTTPS",
        "BLOBSTORE, DOWNLOAD, HTTPS",
        "BLOBSTORE, UPLOAD, HTTPS_JDK",
        "HAND_ROLLED, UPLOAD, HTTPS",
        "HAND_ROLLED, READ, HTTPS_JDK",
        "SENDFILE, UPLOAD, HTTP",
        "JDK_HTTP_CLIENT, UPLOAD, HTTPS_JDK",
        "JDK_HTTP_CLIENT, READ, HTTPS",
        "OPENDAL, UPLOAD, HTTP",
        "NETTY_ASYNC, UPLOAD, HTTPS",
        "NETTY_ASYNC, READ, HTTPS_JDK",
        "CRT_ASYNC, READ, HTTPS",
        "CRT_TRANSFER_MANAGER_DEFAULT, UPLOAD, HTTPS",
        "CRT_TRANSFER_MANAGER, DOWNLOAD, HTTPS",
        "NETTY_TRANSFER_MANAGER_DEFAULT, UPLOAD, HTTPS",
        "NETTY_TRANSFER_MANAGER, DOWNLOAD, HTTPS",
        "APACHE_SYNC, UPLOAD, HTTPS",
        "APACHE_SYNC_DEFAULT, UPLOAD, HTTPS_JDK",
        "GCS_BLOBSTORE, UPLOAD, HTTPS",
        "GCS_BLOBSTORE, READ, HTTPS",
        "GCS_MULTIPART_CLIENT, UPLOAD, HTTPS",
        "GCS_TRANSFER_MANAGER_DEFAULT, UPLOAD, HTTPS",
        "GCS_TRANSFER_MANAGER_DEFAULT, DOWNLOAD, HTTPS",
        "GCS_STORAGE, READ, HTTPS",
        "GCS_STORAGE_DEFAULT, READ, HTTPS",
        "GCS_STORAGE_DEFAULT, DOWNLOAD, HTTPS",
    })
    void transfersTheContentRepeatedly(ClientType type, Operation operation, Transport transport) throws Exception {
        assumeThat(type.isAvailable()).isTrue();
        TransferSpec spec = environment.spec(type, operation, transport, PART, 2);

        try (ClientProcess client = start(type, spec, environment)) {
            client.run(2);
        }

        assertThat(environment.requireTraffic(spec, 2).security())
                .matches(transport.isEncrypted() ? "TLSv1\\..*" : "none");
        if (operation == Operation.DOWNLOAD) {
            assertThat(checksum(spec.download())).isEqualTo(new ServedObject(SIZE).checksum());
        }
    }

    private static Crc32c checksum(Path file) throws Exception {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer content = channel.map(MapMode.READ_ONLY, 0, channel.size());
            return Crc32c.of(content);
        }
    }

    /** Google's transfer manager divides only objects of this size. */
    @ParameterizedTest
    @CsvSource({"HTTP", "HTTPS"})
    void aLargeObjectIsDownloadedInParts(Transport transport) throws Exception {
        long size = (128L << 20) + 1000;
        ClientType type = ClientType.GCS_TRANSFER_MANAGER;
        try (BenchmarkEnvironment large = new BenchmarkEnvironment(directory, size, Conditions.NONE)) {
            TransferSpec spec = large.spec(type, Operation.DOWNLOAD, transport, PART, 2);

            try (ClientProcess client = start(type, spec, large)) {
                client.run(1);
            }

            large.requireTraffic(spec, 1);
            assertThat(checksum(spec.download())).isEqualTo(new ServedObject(size).checksum());
        }
    }

    @ParameterizedTest
    @CsvSource({"SENDFILE, uploads over HTTP only", "OPENDAL, trusts public certificate authorities only"})
    void unsupportedTransportsAreRefused(ClientType type, String reason) {
        assumeThat(type.isAvailable()).isTrue();
        assertThatThrownBy(() ->
                        start(type, environment.spec(type, Operation.UPLOAD, Transport.HTTPS, PART, 2), environment))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void anArrayThatExceedsTheHeapIsRefused() throws Exception {
        assumeThat(ClientType.OPENDAL.isAvailable()).isTrue();
        TransferSpec spec = environment.spec(ClientType.OPENDAL, Operation.UPLOAD, Transport.HTTP, PART, 2);
        assertThatThrownBy(() -> ClientProcess.start(ClientType.OPENDAL, spec, environment, "-Xmx32m"))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining("takes the object as one array, and half the heap is 16 MiB");
    }
}
