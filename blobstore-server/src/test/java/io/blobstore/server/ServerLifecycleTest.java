package io.blobstore.server;

import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerFixture.Content;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests starting and stopping: nothing is left, whatever clients are doing. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class ServerLifecycleTest {
    @TempDir
    Path temporary;

    private ServerFixture start() throws IOException {
        return ServerFixture.start(temporary.resolve("cache"));
    }

    @Test
    void closingEndsIdleConnectionsAndIsIdempotent() throws IOException {
        try (ServerFixture server = start();
                RawClient fresh = server.connect();
                RawClient used = server.connect()) {
            assertThat(used.get("/healthz").status()).isEqualTo(200);
            server.server.close();
            server.server.close();
            assertThat(fresh.isAtEnd()).isTrue();
            assertThat(used.isAtEnd()).isTrue();
            assertThatThrownBy(server::connect).isInstanceOf(IOException.class);
        }
    }

    @Test
    void closingFinishesWhatRuns() throws Exception {
        Content content = ServerFixture.random(1, 3 * MIB);
        try (ServerFixture server = start();
                RawClient client = server.connect()) {
            client.head("PUT", content.path(), "Content-Length: " + 3 * MIB)
                    .send(Arrays.copyOf(content.bytes(), 2 * MIB));
            ServerFixture.await(() -> server.cache.stats().reservedBytes() > 0);
            Thread closer = new Thread(server.server::close);
            closer.start();
            ServerFixture.await(() -> isRefused(server));
            RawClient.Response response = client.send(Arrays.copyOfRange(content.bytes(), 2 * MIB, 3 * MIB))
                    .response(true);
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.field("Connection")).isEqualTo("close");
            closer.join();
            assertThat(server.cache.contains(content.digest())).isTrue();
        }
    }

    private static boolean isRefused(ServerFixture server) {
        try (RawClient client = server.connect()) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void whatDoesNotEndInTimeIsCutOffAndNothingOfItKept() throws IOException {
        Content content = ServerFixture.text(1, 64 * MIB);
        Content unfinished = ServerFixture.random(2, 8 * MIB);
        try (ServerFixture server = start();
                RawClient reader = server.connect();
                RawClient writer = server.connect()) {
            server.cache.put(content.digest(), content.source());
            reader.head("GET", content.path());
            writer.head("PUT", unfinished.path(), "Content-Length: " + 8 * MIB)
                    .send(Arrays.copyOf(unfinished.bytes(), 5 * MIB));
            ServerFixture.await(() -> server.cache.stats().reservedBytes() > 0);
            server.server.close(Duration.ofMillis(1));
            assertThatThrownBy(() -> reader.response(true)).isInstanceOf(EOFException.class);
            assertThat(writer.isAtEnd()).isTrue();
            assertThat(server.cache.contains(unfinished.digest())).isFalse();
        }
    }

    @Test
    void anAddressInUseIsAClearErrorAndLeavesNothing() throws IOException {
        try (ServerFixture server = start()) {
            assertThatThrownBy(() -> CacheServer.builder(server.cache)
                            .http(HttpOptions.of(server.address()))
                            .start())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on");
        }
    }

    /** Clients of all kinds come and go while the server is closed: the fixture requires that nothing is left. */
    @Test
    void closingAtAnyMomentLeavesNothing() throws Exception {
        Content text = ServerFixture.text(1, 2 * MIB + 1);
        Content random = ServerFixture.random(2, 5 * MIB);
        SplittableRandom moments = new SplittableRandom(3);
        for (int round = 0; round < 3; round++) {
            List<Thread> clients = new ArrayList<>();
            try (ServerFixture server = start()) {
                server.cache.put(text.digest(), text.source());
                for (int i = 0; i < 6; i++) {
                    int kind = i;
                    Thread client = new Thread(() -> request(server, kind, text, random));
                    clients.add(client);
                    client.start();
                }
                long requests = moments.nextInt(50);
                ServerFixture.await(() -> server.cache.stats().hits() >= requests);
                server.server.close(Duration.ZERO);
            }
            for (Thread client : clients) {
                client.join();
            }
        }
    }

    private static void request(ServerFixture server, int kind, Content text, Content random) {
        try {
            while (true) {
                try (RawClient client = server.connect()) {
                    switch (kind % 3) {
                        case 0 -> client.get(text.path());
                        case 1 -> client.get(text.path(), "Accept-Encoding: zstd");
                        default -> {
                            client.head("PUT", random.path(), "Content-Length: " + 5 * MIB)
                                    .send(Arrays.copyOf(random.bytes(), kind == 2 ? 5 * MIB : 3 * MIB));
                            client.reset();
                        }
                    }
                }
            }
        } catch (IOException e) {
            // the server was closed
        }
    }
}
