package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheOptions;
import io.blobstore.contract.CampaignScale;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests clients that are slow, greedy, many, or talk nonsense: others are served, limits hold, the cache is intact. */
class HostileClientsTest {
    private static final Content CONTENT = ServerFixture.text(1, 3 * MIB);

    @TempDir
    Path temporary;

    private ServerFixture start(ServerLimits limits) throws IOException {
        ServerFixture server = ServerFixture.start(
                temporary.resolve("cache"), CacheOptions.ofMaxBytes(8L << 30), builder -> builder.limits(limits));
        server.cache.put(CONTENT.digest(), CONTENT.source());
        return server;
    }

    private static void requireService(ServerFixture server) throws IOException {
        try (RawClient client = server.connect()) {
            assertThat(client.get(CONTENT.path()).body()).isEqualTo(CONTENT.bytes());
            Content other = ServerFixture.random(7, 100 * KIB);
            assertThat(client.put(other.path(), other.bytes()).status()).isEqualTo(200);
        }
    }

    private static void closeAll(List<RawClient> clients) throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
    }

    @Test
    void slowHeadsIdleConnectionsAndSlowBodiesAreClosedInTime() throws IOException {
        ServerLimits limits = ServerLimits.builder()
                .headTimeout(Duration.ofMillis(200))
                .idleTimeout(Duration.ofMillis(300))
                .paceWindow(Duration.ofMillis(200))
                .minBytesPerSecond(10_000)
                .build();
        try (ServerFixture server = start(limits);
                RawClient idle = server.connect();
                RawClient head = server.connect();
                RawClient body = server.connect();
                RawClient reader = server.connect()) {
            head.send("GET " + CONTENT.path() + " HTTP/1.1\r\nHost: ");
            body.head("PUT", ServerFixture.text(2, 1).path(), "Content-Length: 1000000")
                    .send("x".repeat(1000));
            reader.head("GET", CONTENT.path()); // and reads nothing
            assertThat(idle.isAtEnd()).isTrue();
            assertThat(head.isAtEnd()).isTrue();
            assertThat(body.response(true).status()).isEqualTo(408);
            requireService(server);
        }
    }

    /** A client that reads nothing of much content is cut off; memory for it is bounded meanwhile. */
    @Test
    void aClientThatReadsNothingIsCutOff() throws IOException {
        ServerLimits limits = ServerLimits.builder()
                .paceWindow(Duration.ofMillis(300))
                .minBytesPerSecond(1000)
                .build();
        Content large = ServerFixture.text(2, 64 * MIB);
        try (ServerFixture server = start(limits)) {
            server.cache.put(large.digest(), large.source());
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                RawClient client = server.connect();
                clients.add(client);
                client.socket().setReceiveBufferSize(64 * KIB);
                client.head("GET", large.path(), i % 2 == 0 ? "X-A: b" : "Accept-Encoding: zstd");
            }
            try (RawClient other = server.connect()) {
                ServerFixture.await(() -> metric(other, "blobstore_server_connections{protocol=\"http\"}") == 1);
                ServerFixture.await(() -> metric(other, "blobstore_server_read_memory_bytes") == 0);
            }
            closeAll(clients);
        }
    }

    private static long metric(RawClient client, String name) {
        try {
            return client.get("/metrics")
                    .text()
                    .lines()
                    .filter(line -> line.startsWith(name + ' '))
                    .map(line -> Long.parseLong(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void announcing5GiBOn100ConnectionsTakesNoRoomNoFilesAndNoMemory() throws IOException {
        try (ServerFixture server = start(ServerLimits.defaults())) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                RawClient client = server.connect();
                clients.add(client);
                client.head("PUT", ServerFixture.text(100 + i, 1).path(), "Content-Length: " + (5L << 30))
                        .send("x".repeat(100));
            }
            try (RawClient other = server.connect()) {
                ServerFixture.await(
                        () -> metric(other, "blobstore_server_received_bytes_total{protocol=\"http\"}") == 10_000);
            }
            assertThat(server.cache.stats().reservedBytes()).isZero();
            ServerFixture.await(() -> server.temporaries().isEmpty());
            requireService(server);
            closeAll(clients);
        }
    }

    @Test
    void connectionsBeyondTheLimitAreRefusedUntilOthersEnd() throws IOException {
        int limit = CampaignScale.of(10_000) / 10;
        try (ServerFixture server =
                start(ServerLimits.builder().maxConnections(limit).build())) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < limit; i++) {
                clients.add(server.connect());
            }
            assertThat(clients.get(limit - 1).get("/healthz").status()).isEqualTo(200);
            for (int i = 0; i < 20; i++) {
                try (RawClient refused = server.connect()) {
                    assertThat(refused.isAtEnd()).isTrue();
                }
            }
            assertThat(clients.get(0).get(CONTENT.path()).status()).isEqualTo(200);
            closeAll(clients);
            ServerFixture.await(() -> isServed(server));
            requireService(server);
        }
    }

    private static boolean isServed(ServerFixture server) {
        try (RawClient client = server.connect()) {
            return client.get("/healthz").status() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void connectionsThatAreResetAtAnyByteLeaveNothing() throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        int rounds = CampaignScale.of(2000);
        try (ServerFixture server = start(ServerLimits.defaults())) {
            Content content = ServerFixture.random(2, 2 * MIB);
            for (int i = 0; i < rounds; i++) {
                try (RawClient client = server.connect()) {
                    int bytes = random.nextInt(i % 2 == 0 ? 2 * MIB : 1000);
                    if (i % 3 == 0) {
                        client.head("GET", CONTENT.path(), "Accept-Encoding: zstd;q=" + i % 2);
                        client.socket().getInputStream().readNBytes(bytes);
                    } else {
                        client.head(
                                        "PUT",
                                        (i % 3 == 1 ? "/cas/" : "/ac/") + content.hash(),
                                        "Content-Length: " + 2 * MIB)
                                .send(Arrays.copyOf(content.bytes(), bytes));
                    }
                    client.reset();
                }
            }
            ServerFixture.await(() -> server.cache.stats().reservedBytes() == 0);
            assertThat(server.cache.contains(content.digest())).isFalse();
            assertThat(server.cache.stats().corrupt()).isZero();
            requireService(server);
        }
    }

    @Test
    void nonsenseIsAnsweredOrCutOffAndOthersAreServed() throws IOException {
        SplittableRandom random = new SplittableRandom(6);
        String[] words = {
            "GET",
            "PUT",
            " ",
            "/cas/",
            CONTENT.hash(),
            "HTTP/1.1",
            "\r\n",
            "\r\n\r\n",
            "Host: a",
            "Content-Length: ",
            "5",
            "-1",
            "Transfer-Encoding: chunked",
            "Range: bytes=0-",
            "\0",
            "\n",
            ":",
            "Content-Encoding: zstd",
            "X-Digest-SizeBytes: ",
            "99999999999999999999",
            "Expect: 100-continue",
            "ffffffffffffffff\r\n"
        };
        int rounds = CampaignScale.of(3000);
        try (ServerFixture server = start(ServerLimits.defaults())) {
            for (int i = 0; i < rounds; i++) {
                StringBuilder text = new StringBuilder(i % 2 == 0 ? "PUT " + CONTENT.path() + " HTTP/1.1\r\n" : "");
                for (int word = random.nextInt(30); word > 0; word--) {
                    text.append(words[random.nextInt(words.length)]);
                }
                try (RawClient client = server.connect()) {
                    client.send(text.toString());
                    client.socket().shutdownOutput();
                    while (!client.isAtEnd()) {
                        // reads what the server answers, until it closes
                    }
                }
            }
            requireService(server);
            assertThat(server.cache.stats().entries()).isEqualTo(2);
        }
    }

    @Test
    void aThousandChunksOfOneByteAreOneBody() throws IOException {
        try (ServerFixture server = start(ServerLimits.defaults());
                RawClient client = server.connect()) {
            Content content = ServerFixture.text(3, 1000);
            StringBuilder body = new StringBuilder();
            for (byte b : content.bytes()) {
                body.append("1\r\n").append((char) b).append("\r\n");
            }
            client.head("PUT", content.path(), "Transfer-Encoding: chunked", "X-Digest-SizeBytes: 1000");
            Response put = client.send(body + "0\r\n\r\n").response(true);
            assertThat(put.status()).isEqualTo(200);
            assertThat(client.get(content.path()).body()).isEqualTo(content.bytes());
        }
    }
}
