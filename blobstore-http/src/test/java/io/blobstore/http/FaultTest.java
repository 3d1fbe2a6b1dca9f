package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Connections that end, stall or crawl, at every stage of a request: a typed failure in time, and nothing held any
 * more.
 */
@ExtendWith(LeakCheck.class)
class FaultTest {
    private static final Duration SHORT = Duration.ofMillis(300);

    /** More than the kernel buffers for a peer that does not read. */
    private static final int SENT = 48 << 20;

    private static final int RECEIVED = 1 << 20;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void makeFiles() throws IOException {
        for (String name : new String[] {"source", "target"}) {
            try (RandomAccessFile sparse =
                    new RandomAccessFile(directory.resolve(name).toFile(), "rw")) {
                sparse.setLength(name.equals("source") ? SENT : RECEIVED);
            }
        }
    }

    /** What the server has done when the fault strikes. */
    private enum Stage {
        HEAD_RECEIVED,
        IN_REQUEST_BODY,
        REQUEST_RECEIVED,
        IN_STATUS_LINE,
        IN_HEAD,
        AFTER_INTERIM_ANSWER,
        BEFORE_BODY,
        IN_BODY,
        IN_CHUNK_SIZE,
        IN_TRAILERS;

        void reach(ScriptedExchange exchange) throws IOException {
            switch (this) {
                case HEAD_RECEIVED -> {}
                case IN_REQUEST_BODY -> exchange.discardBody(100_000);
                default -> exchange.discardBody();
            }
            String ok = "HTTP/1.1 200 OK\r\n";
            String chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
            switch (this) {
                case IN_STATUS_LINE -> exchange.write("HTTP/1.1 2");
                case IN_HEAD -> exchange.write(ok + "Content-Length: " + RECEIVED + "\r\n");
                case AFTER_INTERIM_ANSWER -> exchange.write("HTTP/1.1 102 Processing\r\n\r\n");
                case BEFORE_BODY -> exchange.write(ok + "Content-Length: " + RECEIVED + "\r\n\r\n");
                case IN_BODY -> {
                    exchange.write(ok + "Content-Length: " + RECEIVED + "\r\n\r\n");
                    exchange.output().write(new byte[RECEIVED - 1]);
                }
                case IN_CHUNK_SIZE -> exchange.write(chunked + "4\r\nabcd\r\n1");
                case IN_TRAILERS -> {
                    exchange.write(chunked + Integer.toHexString(RECEIVED) + "\r\n");
                    exchange.output().write(new byte[RECEIVED]);
                    exchange.write("\r\n0\r\nA: b\r\n");
                }
                default -> {}
            }
        }
    }

    private enum Fault {
        RESET(Kind.CLOSED),
        CLOSE(Kind.CLOSED),
        CUT_OFF(Kind.CLOSED),
        STALL(Kind.TIMEOUT);

        private final Kind expected;

        Fault(Kind expected) {
            this.expected = expected;
        }

        void strike(ScriptedExchange exchange) throws IOException, InterruptedException {
            switch (this) {
                case RESET -> exchange.reset();
                case CLOSE -> exchange.close();
                case CUT_OFF -> {
                    exchange.cutOff();
                    exchange.awaitClientGone();
                }
                case STALL -> exchange.stall();
            }
        }
    }

    private static Stream<Arguments> faults() {
        return Arrays.stream(TestNetChannel.values())
                .flatMap(channel -> Arrays.stream(Fault.values())
                        .flatMap(fault ->
                                Arrays.stream(Stage.values()).map(stage -> Arguments.of(channel, fault, stage))));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultAtAnyStageFailsTheCallAndLetsGoOfTheMemory(TestNetChannel channel, Fault fault, Stage stage)
            throws Exception {
        MappedFile source = MappedFile.open(directory.resolve("source"));
        MappedFile target = MappedFile.open(directory.resolve("target"), MappedFile.Access.READ_WRITE);
        try (HttpClient client = channel.client()
                        .stallTimeout(fault == Fault.STALL ? SHORT : Duration.ofSeconds(20))
                        .build();
                ScriptedServer server = channel.server(Script.answering(200, "next"))) {
            server.then(exchange -> {
                stage.reach(exchange);
                fault.strike(exchange);
            });
            // Large only where the server does not read it.
            BlobSource body = source.region(0, stage.compareTo(Stage.IN_REQUEST_BODY) <= 0 ? SENT : 1 << 20);
            TransportException failure;
            try (Lease lease = target.region().acquireWritable()) {
                failure = Calls.failure(
                        client,
                        Calls.put(server, body),
                        Calls.into(lease.buffers().get(0)));
            }
            source.close();
            target.close();
            assertThat(source.isReleased() && target.isReleased())
                    .as("memory is free when the call ends")
                    .isTrue();

            assertThat(failure).as("a response that was none").isNotNull();
            assertThat(failure.kind()).as(failure.toString()).isEqualTo(fault.expected);
            if (fault != Fault.STALL) {
                server.awaitOpen(0);
            }
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            assertThat(server.requests())
                    .as("a request that sent something is not repeated")
                    .hasSize(2);
            assertThat(server.accepted()).isEqualTo(2);
        } finally {
            source.close();
            target.close();
        }
    }

    // ---- bodies that are kept

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aKeptBodyThatIsCutOffWithoutTheEndOfTlsIsNoBody(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\n<Result>1</Result>");
                    exchange.cutOff();
                    exchange.awaitClientGone();
                })) {
            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure).as("an attacker could have cut it short").isNotNull();
            assertThat(failure.kind()).isEqualTo(Kind.CLOSED);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKeptBodyThatIsTruncatedIsNoBody(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.answerHead(200, 5);
                    exchange.write("abcd");
                    exchange.close();
                })) {
            assertThat(Calls.failure(client, Calls.get(server)).kind()).isEqualTo(Kind.CLOSED);
        }
    }

    private static Stream<Arguments> faultsOnEachWire() {
        return Arrays.stream(TestNetChannel.values())
                .flatMap(channel -> Arrays.stream(Fault.values()).map(fault -> Arguments.of(channel, fault)));
    }

    /** What is done about an error depends on its status; its body only explains it. */
    @ParameterizedTest
    @MethodSource("faultsOnEachWire")
    void anErrorWhoseBodyDoesNotArriveIsStillThatError(TestNetChannel channel, Fault fault) throws Exception {
        try (HttpClient client = channel.client()
                        .stallTimeout(fault == Fault.STALL ? SHORT : Duration.ofSeconds(20))
                        .build();
                ScriptedServer server = channel.server(Script.answering(200, "next"))) {
            server.then(exchange -> {
                exchange.discardBody();
                exchange.answerHead(503, 100);
                exchange.write("abcd");
                if (fault == Fault.RESET) {
                    exchange.pause(Duration.ofMillis(100)); // a reset may overtake what was written before
                }
                fault.strike(exchange);
            });
            HttpResponse response = Calls.execute(client, Calls.put(server, Calls.content(1000)));

            assertThat(response.status()).isEqualTo(503);
            assertThat("abcd").startsWith(new String(response.body().bytes(), StandardCharsets.ISO_8859_1));
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            assertThat(server.accepted())
                    .as("a connection in disorder is not kept")
                    .isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anErrorWhoseBodyDripsIsNotWaitedFor(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().stallTimeout(SHORT).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.answerHead(403, RECEIVED);
                    drip(exchange, "b");
                })) {
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(403);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKeptBodyThatIsResetIsNoBody(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\n<Result>");
                    exchange.reset();
                })) {
            assertThat(Calls.failure(client, Calls.get(server)).kind()).isEqualTo(Kind.CLOSED);
        }
    }

    // ---- slow, too slow

    /** Writes a little now and then, until the client is gone. */
    private static void drip(ScriptedExchange exchange, String little) throws IOException, InterruptedException {
        while (true) {
            exchange.write(little);
            exchange.pause(Duration.ofMillis(20));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeadThatComesByteByByteIsGivenUp(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().stallTimeout(SHORT).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\nA: ");
                    drip(exchange, "b");
                })) {
            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatComesByteByByteIsGivenUp(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().stallTimeout(SHORT).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.answerHead(200, RECEIVED);
                    drip(exchange, "b");
                })) {
            TransportException failure =
                    Calls.failure(client, Calls.get(server), Calls.into(ByteBuffer.allocateDirect(RECEIVED)));
            assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
            server.awaitOpen(0);
        }
    }

    /** A store that is still at work on the answer sends a blank now and then. */
    @ParameterizedTest
    @EnumSource
    void aKeptAnswerMayComeSlowlyAsLongAsItComes(TestNetChannel channel) throws Exception {
        String content = "          <Result/>";
        try (HttpClient client =
                        channel.client().stallTimeout(Duration.ofMillis(500)).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.answerHead(200, content.length());
                    for (char character : content.toCharArray()) {
                        exchange.pause(Duration.ofMillis(50));
                        exchange.write("" + character);
                    }
                })) {
            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource
    void chunksOfOneByteOnALongWayAreGivenUp(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().stallTimeout(SHORT).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    // Much framing, little payload: only payload is progress.
                    drip(exchange, "1;" + "a".repeat(1000) + "\r\nb\r\n");
                })) {
            TransportException failure =
                    Calls.failure(client, Calls.get(server), Calls.into(ByteBuffer.allocateDirect(RECEIVED)));

            assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowAnswerThatMakesProgressIsReceived(TestNetChannel channel) throws Exception {
        byte[] content = Calls.content(48 << 10);
        try (HttpClient client =
                        channel.client().stallTimeout(Duration.ofMillis(500)).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.answerHead(200, content.length);
                    for (int at = 0; at < content.length; at += 2048) {
                        exchange.output().write(content, at, 2048);
                        exchange.pause(Duration.ofMillis(40));
                    }
                })) {
            ByteBuffer target = ByteBuffer.allocateDirect(content.length);
            client.newCall(Calls.get(server)).execute(Calls.into(target));

            assertThat(Calls.bytes(target)).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowReaderThatMakesProgressGetsItAll(TestNetChannel channel) throws Exception {
        int size = 12 << 20;
        try (HttpClient client =
                        channel.client().stallTimeout(Duration.ofMillis(1000)).build();
                ScriptedServer server = channel.server(exchange -> {
                    while (exchange.bodyReceived() < size) {
                        exchange.discardBody(256 << 10);
                        exchange.pause(Duration.ofMillis(40));
                    }
                    exchange.answer(200, "");
                })) {
            BlobSource body = BlobSource.of(ByteBuffer.allocateDirect(size)); // in one buffer

            assertThat(Calls.execute(client, Calls.put(server, body)).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatTakesTheRequestByteByByteIsGivenUp(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().stallTimeout(SHORT).build();
                ScriptedServer server = channel.server(exchange -> {
                    while (true) {
                        exchange.discardBody(1);
                        exchange.pause(Duration.ofMillis(20));
                    }
                })) {
            BlobSource body = BlobSource.of(ByteBuffer.allocateDirect(SENT));

            assertThat(Calls.failure(client, Calls.put(server, body)).kind()).isEqualTo(Kind.TIMEOUT);
            server.close();
        }
    }

    // ---- before the first request

    @Test
    void nobodyListensIsNoConnection() throws Exception {
        Endpoint endpoint;
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.answering(200, ""))) {
            endpoint = server.endpoint();
        }
        try (HttpClient client = TestNetChannel.PLAIN.client().build()) {
            TransportException failure = Calls.failure(client, HttpRequest.of("GET", endpoint, "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT);
            assertThat(failure.getMessage()).contains(endpoint.authority());
        }
    }

    @Test
    void aNameWithoutAddressIsAnUnknownHost() throws Exception {
        // A label of more than 63 characters: no resolver asks a server for it.
        Endpoint endpoint = new Endpoint(false, "x".repeat(64) + ".invalid", 80);
        try (HttpClient client = TestNetChannel.PLAIN.client().build()) {
            TransportException failure = Calls.failure(client, HttpRequest.of("GET", endpoint, "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_HOST);
            assertThat(failure.getMessage()).contains(endpoint.host());
        }
    }

    @Test
    void aConnectionThatIsNotAnsweredIsGivenUp() throws Exception {
        try (BlackHole hole = BlackHole.open();
                HttpClient client =
                        TestNetChannel.PLAIN.client().connectTimeout(SHORT).build()) {
            TransportException failure =
                    Calls.failure(client, HttpRequest.of("GET", hole.endpoint(false), "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT);
            assertThat(failure.getMessage()).contains(hole.endpoint(false).authority());
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aHandshakeThatIsNotAnsweredIsGivenUp(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().connectTimeout(SHORT).build();
                ScriptedServer server = channel.server(Script.answering(200, ""))) {
            server.thenConnection(
                    socket -> socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream()));

            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT);
            assertThat(failure.getMessage()).contains(server.endpoint().authority(), "TLS handshake");
            server.awaitOpen(0);
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatEndsAtOnceIsClosed(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.answering(200, ""))) {
            server.thenConnection(socket -> {}, socket -> socket.setSoLinger(true, 0), socket -> {
                socket.getInputStream().read();
                socket.setSoLinger(true, 0);
            });
            for (int i = 0; i < 3; i++) {
                TransportException failure = Calls.failure(client, Calls.put(server, new byte[1000]));

                assertThat(failure.kind()).as(failure.toString()).isIn(Kind.CLOSED, Kind.CONNECT);
                server.awaitOpen(0);
            }
            assertThat(server.accepted())
                    .as("a new connection is not tried twice")
                    .isEqualTo(3);
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
        }
    }
}
