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
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each client transfers a small content: over HTTP in this JVM, and over HTTPS in a process of its own. */
class ClientTest {
    private static final int PART = 5 << 20;
    private static final int SIZE = 2 * PART + 1000;
    private static final List<String> PROPERTIES =
            List.of("aws.accessKeyId", "aws.secretAccessKey", "GOOGLE_CLOUD_PROJECT");

    @TempDir
    private static Path directory;

    private static BenchmarkEnvironment environment;

    @BeforeAll
    static void start() throws Exception {
        PROPERTIES.forEach(name -> System.setProperty(name, "benchmark"));
        environment = new BenchmarkEnvironment(directory, SIZE, Conditions.NONE);
    }

    @AfterAll
    static void stop() {
        PROPERTIES.forEach(System::clearProperty); // other tests have credentials of their own
        environment.close();
        assertThat(directory).isEmptyDirectory();
    }

    /** Starts a client with C1 only, which starts fastest: nothing is measured here. */
    private static ClientProcess start(ClientType type, TransferSpec spec, BenchmarkEnvironment in) throws Exception {
        return ClientProcess.start(type, spec, in, "-XX:TieredStopAtLevel=1");
    }

    private static Crc32c checksum(Path file) throws Exception {
        try (FileChannel channel = FileChannel.open(file)) {
            return Crc32c.of(channel.map(MapMode.READ_ONLY, 0, channel.size()));
        }
    }

    /** Returns all supported transfers of one object, except of the client that divides only larger objects. */
    static Stream<Arguments> transfers() {
        List<Operation> operations = List.of(Operation.UPLOAD, Operation.READ, Operation.DOWNLOAD);
        return Arrays.stream(ClientType.values())
                .filter(type -> type.isAvailable() && type != ClientType.GCS_TRANSFER_MANAGER)
                .flatMap(type -> operations.stream().filter(type::supports).map(what -> Arguments.of(type, what)));
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
    @MethodSource("transfers")
    void transfersTheContentRepeatedly(ClientType type, Operation operation) throws Exception {
        TransferSpec spec = environment.spec(type, operation, Transport.HTTP, PART, 2);
        if (operation == Operation.READ) { // into a file that has no content of other tests
            try (FileChannel file = FileChannel.open(spec.file(), StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.allocate(SIZE));
            }
        }
        int before = (int) (environment.traffic(spec).bytes() / SIZE);

        try (BenchmarkClient client = type.open(spec)) {
            client.round();
            client.round();
        }

        assertTransferred(spec, before + 2, "none");
    }

    @Campaign(representedBy = ClientTest.class)
    @ParameterizedTest
    @MethodSource("transfers")
    void transfersTheContentInAProcess(ClientType type, Operation operation) throws Exception {
        boolean isPlain = type == ClientType.SENDFILE || type == ClientType.OPENDAL;
        transfersTheContentInAProcess(type, operation, isPlain ? Transport.HTTP : Transport.HTTPS);
    }

    @Campaign(representedBy = ClientTest.class)
    @ParameterizedTest
    @CsvSource({
        "BLOBSTORE, UPLOAD",
        "HAND_ROLLED, READ",
        "JDK_HTTP_CLIENT, UPLOAD",
        "NETTY_ASYNC, READ",
        "APACHE_SYNC_DEFAULT, UPLOAD"
    })
    void transfersTheContentWithTheJdksEngine(ClientType type, Operation operation) throws Exception {
        transfersTheContentInAProcess(type, operation, Transport.HTTPS_JDK);
    }

    private static void transfersTheContentInAProcess(ClientType type, Operation operation, Transport transport)
            throws Exception {
        TransferSpec spec = environment.spec(type, operation, transport, PART, 3);
        try (ClientProcess client = start(type, spec, environment)) {
            client.run(2);
        }
        assertTransferred(spec, 2, transport.isEncrypted() ? "TLSv1\\..*" : "none");
    }

    private static void assertTransferred(TransferSpec spec, int rounds, String security) throws Exception {
        assertThat(environment.requireTraffic(spec, rounds).security()).matches(security);
        if (!spec.isUpload()) { // transfer managers read into new files only
            Path target = spec.download().toFile().exists() ? spec.download() : spec.file();
            assertThat(checksum(target).base64())
                    .isEqualTo(ServerObjects.random(SIZE).served.checksum());
        }
    }

    @ParameterizedTest
    @Campaign(representedBy = ClientTest.class)
    @EnumSource(
            names = {
                "BLOBSTORE",
                "HAND_ROLLED",
                "APACHE_SYNC",
                "NETTY_ASYNC",
                "CRT_ASYNC",
                "GCS_BLOBSTORE",
                "GCS_STORAGE"
            })
    void transfersSmallObjects(ClientType type) throws Exception {
        try (BenchmarkEnvironment small = new BenchmarkEnvironment(directory, 4096, Conditions.NONE)) {
            TransferSpec put = small.spec(type, Operation.PUT, Transport.HTTP, 4096, 2);
            TransferSpec get = small.spec(type, Operation.GET, Transport.HTTP, 4096, 2);
            try (BenchmarkClient putting = type.open(put);
                    BenchmarkClient getting = type.open(get)) {
                putting.round();
                getting.round();
            }
            small.requireTraffic(put, 1);
            small.requireTraffic(get, 1);
        }
    }

    /** More than 32 parts, so that some are composed of composed ones; the SDK compares the checksum of the whole. */
    @Test
    void aCompositeUploadArrivesAsAWhole() throws Exception {
        int size = 40 * (64 << 10) + 123;
        ClientType type = ClientType.GCS_TRANSFER_MANAGER;
        try (BenchmarkEnvironment other = new BenchmarkEnvironment(directory, size, Conditions.NONE)) {
            TransferSpec spec = other.spec(type, Operation.UPLOAD, Transport.HTTP, 64 << 10, 2);

            try (BenchmarkClient client = type.open(spec)) {
                client.round();
                client.round();
            }

            assertThat(other.traffic(spec).bytes()).isEqualTo(2L * size);
            try (HandRolledConnection connection = new HandRolledConnection(spec)) {
                assertThat(connection.checksum(HandRolledClient.object(spec)))
                        .isEqualTo(checksum(spec.file()).base64());
            }
        }
    }

    /** Google's transfer manager divides only objects of this size. */
    @ParameterizedTest
    @Campaign(representedBy = ClientTest.class)
    @EnumSource(names = {"HTTP", "HTTPS"})
    void aLargeObjectIsDownloadedInParts(Transport transport) throws Exception {
        long size = (128L << 20) + 1000;
        ClientType type = ClientType.GCS_TRANSFER_MANAGER;
        try (BenchmarkEnvironment large = new BenchmarkEnvironment(directory, size, Conditions.NONE)) {
            TransferSpec spec = large.spec(type, Operation.DOWNLOAD, transport, PART, 2);

            try (ClientProcess client = start(type, spec, large)) {
                client.run(1);
            }

            large.requireTraffic(spec, 1);
            assertThat(checksum(spec.download()).base64())
                    .isEqualTo(ServerObjects.random(size).served.checksum());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SENDFILE, READ, does not support READ",
        "GCS_MULTIPART_CLIENT, READ, does not support READ",
        "GCS_STORAGE, DOWNLOAD, does not support DOWNLOAD",
        "GCS_STORAGE_DEFAULT, UPLOAD, does not support UPLOAD",
        "GCS_TRANSFER_MANAGER, READ, does not support READ",
        "GCS_TRANSFER_MANAGER, DOWNLOAD, downloads in parts only more than 128 MiB",
        "GCS_TRANSFER_MANAGER, UPLOAD, 'uploads in parts only if there are more than 4'",
    })
    void unsupportedOperationsAreRefused(ClientType type, Operation operation, String reason) throws Exception {
        TransferSpec spec = environment.spec(type, operation, Transport.HTTP, PART, 2);
        assertThatThrownBy(() -> type.open(spec))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @Campaign(representedBy = ClientTest.class)
    @CsvSource({
        "SENDFILE, HTTPS, -Xmx1g, uploads over HTTP only",
        "OPENDAL, HTTPS, -Xmx1g, trusts public certificate authorities only",
        "OPENDAL, HTTP, -Xmx16m, 'takes the object as one array, and half the heap is 8 MiB'"
    })
    void unsupportedSettingsAreRefused(ClientType type, Transport transport, String heap, String reason)
            throws Exception {
        assumeThat(type.isAvailable()).isTrue();
        TransferSpec spec = environment.spec(type, Operation.UPLOAD, transport, PART, 2);
        assertThatThrownBy(() -> ClientProcess.start(type, spec, environment, heap))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContaining(reason);
    }
}
