package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.server.ServerFixture.Content;
import io.blobstore.server.internal.grpc.GrpcClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests 10,000 connections that do nothing, to a server with a heap of 96 MiB: the limit holds, others are served, and
 * the cache is intact. Server and clients are other JVMs, each with as many files as it may open.
 */
@Campaign(representedBy = HostileClientsTest.class)
class IdleConnectionsTest {
    private static final int CONNECTIONS = CampaignScale.of(10_000);
    private static final int SPARE = 2;
    private static final int SURPLUS = 50;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    Path temporary;

    /** A server that lets idle connections be. */
    static final class Server {
        private Server() {}

        public static void main(String[] args) throws IOException {
            Duration ever = Duration.ofHours(1);
            ServerLimits limits = ServerLimits.builder()
                    .maxConnections(CONNECTIONS + SPARE)
                    .idleTimeout(ever)
                    .headTimeout(ever)
                    .paceWindow(ever)
                    .build();
            try (ContentCache cache = ContentCache.open(Path.of(args[0]), CacheOptions.ofMaxBytes(1L << 30));
                    CacheServer server = CacheServer.builder(cache)
                            .http(HttpOptions.builder().build())
                            .grpc(GrpcOptions.builder().build())
                            .limits(limits)
                            .start()) {
                System.out.println("ports " + server.httpAddress().getPort() + " "
                        + server.grpcAddress().getPort());
                while (System.in.read() >= 0) {
                    // until the parent closes the pipe
                }
            }
        }
    }

    /** Clients that connect, and say no more than hello. */
    static final class Clients {
        private static final byte[] HTTP2 =
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1);

        private Clients() {}

        public static void main(String[] args) throws IOException {
            int port = Integer.parseInt(args[1]);
            List<Socket> all = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                Socket socket = connect(args[0], port);
                all.add(socket);
                if (isRefused(socket, args[0])) {
                    throw new IOException("connection " + i + " was refused");
                }
            }
            System.out.println("connected");
            System.in.read();
            int refused = 0;
            for (int i = 0; i < SURPLUS; i++) {
                Socket socket = connect(args[0], port);
                all.add(socket);
                refused += isRefused(socket, args[0]) ? 1 : 0;
            }
            System.out.println("refused " + refused);
            System.in.read();
        }

        private static Socket connect(String protocol, int port) throws IOException {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout((int) PATIENCE.toMillis());
            try {
                socket.getOutputStream()
                        .write(
                                protocol.equals("grpc")
                                        ? HTTP2
                                        : "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
                                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                // refused, as reading will tell
            }
            return socket;
        }

        /** Returns whether the server says nothing: its settings or a response otherwise. */
        private static boolean isRefused(Socket socket, String protocol) {
            try {
                return socket.getInputStream().readNBytes(protocol.equals("grpc") ? 9 : 15).length == 0;
            } catch (IOException e) {
                return true; // reset
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "grpc"})
    void othersAreServed(String protocol) throws Exception {
        Path cache = temporary.resolve("cache");
        Content content = ServerFixture.text(1, 3 << 20);
        try (ChildJvm.Running server = ChildJvm.of(Server.class, temporary)
                .with("-Xmx96m", "-XX:+ExitOnOutOfMemoryError")
                .start(cache.toString())) {
            String[] ports = server.awaitLine(line -> line.startsWith("ports "), PATIENCE)
                    .split(" ");
            InetSocketAddress http = address(ports[1]);
            InetSocketAddress grpc = address(ports[2]);
            try (ChildJvm.Running clients = ChildJvm.of(Clients.class, temporary)
                            .start(protocol, protocol.equals("http") ? ports[1] : ports[2]);
                    RawClient known = new RawClient(http);
                    GrpcClient client = new GrpcClient(grpc)) {
                assertThat(known.put(content.path(), content.bytes()).status()).isEqualTo(200);
                clients.awaitLine("connected"::equals, PATIENCE);
                requireService(known, client, content, 2);
                assertThat(known.get("/metrics").text())
                        .contains("connections{protocol=\"" + protocol + "\"} " + (CONNECTIONS + 1));
                clients.process().getOutputStream().write('\n');
                clients.process().getOutputStream().flush();
                // One more was free, which the first of them may have got.
                assertThat(clients.awaitLine(line -> line.startsWith("refused "), PATIENCE))
                        .isEqualTo("refused " + (SURPLUS - 1));
                requireService(known, client, content, 3);
            }
            server.kill();
            server.join(PATIENCE);
        }
        try (ContentCache opened = ContentCache.open(cache, CacheOptions.ofMaxBytes(1L << 30))) {
            ServerFixture.await(() -> !opened.stats().loading());
            assertThat(opened.stats().corrupt()).isZero();
            for (int i : new int[] {2, 3}) {
                assertThat(opened.contains(ServerFixture.random(i, 100_000).digest()))
                        .isTrue();
            }
        }
    }

    private static InetSocketAddress address(String port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }

    private static void requireService(RawClient http, GrpcClient grpc, Content content, int seed) throws Exception {
        assertThat(http.get(content.path()).body()).isEqualTo(content.bytes());
        assertThat(grpc.read(GrpcClient.blob(content.digest()), 0, 0)).isEqualTo(content.bytes());
        Content fresh = ServerFixture.random(seed, 100_000);
        assertThat(grpc.write(GrpcClient.upload(GrpcClient.blob(fresh.digest())), fresh.bytes()))
                .isEqualTo(fresh.bytes().length);
        assertThat(http.get(fresh.path()).body()).isEqualTo(fresh.bytes());
    }
}
