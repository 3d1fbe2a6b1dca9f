package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the protocol around content, and what the existing server does wrong: damaged files, and greedy clients. */
class HttpRowsTest {
    @TempDir
    Path temporary;

    private ServerFixture server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        server = ServerFixture.start(temporary.resolve("cache"), CacheOptions.ofMaxBytes(64 * MIB), builder -> builder);
        client = server.connect();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    private Path directory() {
        return temporary.resolve("cache");
    }

    private Path file(Content content) throws IOException {
        try (Stream<Path> files = Files.walk(directory())) {
            return files.filter(file -> file.getFileName().toString().startsWith(content.hash()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 400",
        "GET, /cas/, 400",
        "GET, /cas/0123, 400",
        "GET, /cas/../status, 400",
        "GET, /cas.v2/HASH, 400",
        "GET, /cas/HASH/, 400",
        "GET, /CAS/HASH, 400",
        "GET, /cas/UPPER, 400",
        "GET, cas/HASH, 404",
        "GET, /any/prefix/cas/HASH, 404",
        "GET, http://host/x/cas/HASH, 404",
        "GET, /cas/HASH?query, 404",
        "POST, /cas/HASH, 405",
        "DELETE, /cas/HASH, 405",
        "OPTIONS, /ac/HASH, 405",
        "PUT, /status, 405",
        "POST, /metrics, 405"
    })
    void onlyWhatIsKnownIsAnswered(String method, String target, int status) throws IOException {
        String hash = ServerFixture.text(1, 1).hash();
        Response response = client.head(
                        method, target.replace("HASH", hash).replace("UPPER", hash.toUpperCase()), "Content-Length: 0")
                .response(true);
        assertThat(response.status()).isEqualTo(status);
        if (status == 405) {
            assertThat(response.field("Allow"))
                    .isEqualTo(target.contains(hash) || target.contains("HASH") ? "GET, HEAD, PUT" : "GET, HEAD");
        }
        assertThat(client.get("/healthz").text()).isEqualTo("ok\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET\r\n\r\n",
                "\0\1\2\3\r\n\r\n",
                "GET /healthz HTTP/1.1\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                "GET /healthz WAT/9.9.9\r\nHost: a\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            })
    void whatIsNotARequestIsRefusedAndTheConnectionClosed(String text) throws IOException {
        Response response = client.send(text).response(true);
        assertThat(response.status()).isIn(400, 505);
        assertThat(response.field("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void headsThatAreTooLargeAreRefused() throws IOException {
        String much = "a".repeat(20 * KIB);
        assertThat(client.head("GET", "/" + much).response(true).status()).isEqualTo(414);
        try (RawClient other = server.connect()) {
            assertThat(other.head("GET", "/healthz", "X-A: " + much)
                            .response(true)
                            .status())
                    .isEqualTo(431);
        }
        try (RawClient other = server.connect()) {
            String[] many = new String[2000];
            Arrays.fill(many, "X-Some-Field: 1");
            assertThat(other.head("GET", "/healthz", many).response(true).status())
                    .isEqualTo(431);
        }
    }

    @Test
    void malformedChunksAreRefusedAndLeaveNothing() throws IOException {
        Content content = ServerFixture.text(1, 100 * KIB);
        client.head("PUT", content.path(), "Transfer-Encoding: chunked", "X-Digest-SizeBytes: " + 100 * KIB);
        client.send("10\r\n0123456789abcdef\r\nnothing\r\n");
        assertThat(client.response(true).status()).isEqualTo(400);
        assertThat(client.isAtEnd()).isTrue();
        assertThat(server.cache.contains(content.digest())).isFalse();
    }

    @Test
    void olderClientsAreServed() throws IOException {
        Content content = ServerFixture.text(1, 10);
        server.cache.put(content.digest(), content.source());
        Response kept = client.send("GET " + content.path() + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                .response(true);
        assertThat(kept.body()).isEqualTo(content.bytes());
        assertThat(kept.field("Connection")).isEqualTo("keep-alive");
        assertThat(client.send("GET " + content.path() + " HTTP/1.0\r\n\r\n")
                        .response(true)
                        .body())
                .isEqualTo(content.bytes());
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test
    void pagesTellTheStateOfTheServer() throws IOException {
        Content content = ServerFixture.random(1, 10 * KIB);
        client.put(content.path(), content.bytes());
        client.get(content.path());
        client.get("/ac/" + content.hash());
        assertThat(client.get("/status").text())
                .contains("\"CurrSize\": 12288", "\"MaxSize\": 67108864", "\"ReservedSize\": 0", "\"NumFiles\": 1")
                .contains("\"UncompressedSize\": 10240", "\"ServerTime\": ", "\"GitCommit\": ");
        String metrics = client.get("/metrics").text();
        assertThat(metrics)
                .contains(
                        "blobstore_server_requests_total{protocol=\"http\",operation=\"PUT\",keyspace=\"cas\",code=\"200\"}"
                                + " 1\n")
                .contains(
                        "blobstore_server_requests_total{protocol=\"http\",operation=\"GET\",keyspace=\"ac\",code=\"404\"}"
                                + " 1\n")
                .contains("blobstore_server_received_bytes_total{protocol=\"http\"} 10240\n")
                .contains("blobstore_server_connections{protocol=\"http\"} 1\n")
                .contains("blobstore_cache_entries 1\n")
                .contains("operation=\"GET\",keyspace=\"cas\",le=\"+Inf\"} 1\n");
        assertThat(metrics.lines()).allMatch(line -> line.matches("# (HELP|TYPE) .*|[a-z_]+(\\{.*\\})? [0-9.E-]+"));
    }

    // ---- damaged files

    @Test
    void contentWithADamagedFrameIsCutOffOnceAndNotThereAfterwards() throws IOException {
        Content content = ServerFixture.text(1, 5 * MIB);
        server.cache.put(content.digest(), content.source());
        flip(file(content), 0.7);
        client.head("GET", content.path());
        assertThatThrownBy(() -> client.response(true)).isInstanceOf(EOFException.class);
        requireGone(content);
        assertThat(server.cache.stats().corrupt()).isEqualTo(1);
    }

    @Test
    void contentThatIsDamagedAtItsStartIsNotThere() throws IOException {
        for (Content content : List.of(
                ServerFixture.text(1, 5 * MIB),
                ServerFixture.text(2, 100 * KIB),
                ServerFixture.random(3, 5 * MIB),
                ServerFixture.random(4, 100 * KIB))) {
            server.cache.put(content.digest(), content.source());
            flip(file(content), 0.01);
            assertThat(client.get(content.path()).status()).isEqualTo(404);
            requireGone(content);
        }
    }

    /** The existing server serves a truncated plain file for ever, and announces it by HEAD. */
    @Test
    void aTruncatedFileOfAKilledServerIsNotThere() throws IOException {
        for (int size : new int[] {100 * KIB, 3 * MIB}) {
            for (boolean head : new boolean[] {true, false}) {
                Content content = ServerFixture.random(size, size);
                Path shard = directory().resolve("cas.v2/" + content.hash().substring(0, 2));
                Files.createDirectories(shard);
                Files.write(shard.resolve(content.hash() + "-123456789.v1"), Arrays.copyOf(content.bytes(), size / 2));
                Response response = head ? client.headOf(content.path()) : client.get(content.path());
                assertThat(response.status()).isEqualTo(404);
                requireGone(content);
            }
        }
    }

    private void requireGone(Content content) throws IOException {
        try (RawClient other = server.connect()) {
            assertThat(other.headOf(content.path()).status()).isEqualTo(404);
            assertThat(other.get(content.path()).status()).isEqualTo(404);
            assertThat(other.put(content.path(), content.bytes()).status()).isEqualTo(200);
            assertThat(other.get(content.path()).body()).isEqualTo(content.bytes());
        }
        server.cache.evictTo(0);
    }

    private static void flip(Path file, double where) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[200 + (int) ((bytes.length - 200) * where)] ^= 4;
        Files.write(file, bytes);
    }

    // ---- room

    /** The existing server evicts everything for one client that announces much and sends little. */
    @Test
    void announcingMuchAndSendingLittleEvictsNothing() throws IOException {
        Content kept = ServerFixture.random(1, 40 * MIB);
        server.cache.put(kept.digest(), kept.source());
        try (RawClient greedy = server.connect()) {
            greedy.head("PUT", ServerFixture.text(1, 1).path(), "Content-Length: " + 60 * MIB)
                    .send("x".repeat(100));
            assertThat(client.headOf(kept.path()).status()).isEqualTo(200);
        }
        assertThat(client.headOf(kept.path()).status()).isEqualTo(200);
    }

    @Test
    void whenAllIsInUseTheClientIsToldToTryAgain() throws Exception {
        Content kept = ServerFixture.random(1, 40 * MIB);
        server.cache.put(kept.digest(), kept.source());
        Content more = ServerFixture.random(2, 40 * MIB);
        try (var lease = server.cache.open(kept.digest()).orElseThrow()) {
            assertThat(lease.digest()).isEqualTo(kept.digest());
            client.head("PUT", more.path(), "Content-Length: " + 40 * MIB);
            Thread sender = new Thread(() -> {
                try {
                    client.send(more.bytes());
                } catch (IOException e) {
                    // the server has refused it
                }
            });
            sender.start();
            Response full = client.response(true);
            assertThat(full.status()).isEqualTo(507);
            assertThat(full.field("Retry-After")).isNotNull();
            client.close();
            sender.join();
        }
        try (RawClient other = server.connect()) {
            assertThat(other.put(more.path(), more.bytes()).status()).isEqualTo(200);
        }
    }

    @Test
    void aReaderGetsAllThoughTheContentIsEvicted() throws IOException {
        Content content = ServerFixture.text(1, 30 * MIB);
        server.cache.put(content.digest(), content.source());
        client.head("GET", content.path());
        byte[] first = new byte[1];
        assertThat(client.socket().getInputStream().read(first)).isEqualTo(1);
        server.cache.remove(content.digest());
        byte[] rest = new byte[30 * MIB];
        int head = 0;
        int read = 0;
        while (read < 30 * MIB) {
            int bytes = client.socket().getInputStream().read(rest, read, rest.length - read);
            assertThat(bytes).isPositive();
            read += bytes;
            head++;
        }
        assertThat(head).isPositive();
    }

    @Test
    void plainFilesAreServedInEveryWay() throws IOException {
        server.close();
        server = ServerFixture.start(
                temporary.resolve("plain"),
                CacheOptions.builder()
                        .maxBytes(64 * MIB)
                        .storageMode(StorageMode.UNCOMPRESSED)
                        .build(),
                builder -> builder);
        client = server.connect();
        for (Content content : List.of(ServerFixture.text(1, 3 * MIB), ServerFixture.text(2, 1000))) {
            assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            assertThat(client.get(content.path(), "Accept-Encoding: zstd").body())
                    .isEqualTo(content.bytes());
            assertThat(client.get(content.path(), "Range: bytes=100-").body())
                    .isEqualTo(Arrays.copyOfRange(content.bytes(), 100, content.bytes().length));
        }
    }
}
