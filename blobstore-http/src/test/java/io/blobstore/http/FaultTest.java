package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.Pairwise;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests connections that end, stall or are too slow, at every stage of a request: the call fails with a typed exception
 * in time, and holds nothing afterwards.
 */
@ExtendWith(LeakCheck.class)
class FaultTest {
    private static final Duration STALL = Duration.ofSeconds(30);

    /** A pause of which ten without progress reach the stall timeout. */
    private static final Duration PAUSE = STALL.dividedBy(10);

    /** A pause of which three without progress would exceed the stall timeout. */
    private static final Duration LONG_PAUSE = STALL.multipliedBy(2).dividedBy(5);

    /** More than the kernel buffers for a peer that does not read. */
    private static final int SENT = 48 << 20;

    /** The most that the kernel buffers. */
    private static final int BUFFERED = 16 << 20;

    private static final int RECEIVED = 1 << 20;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void makeFiles() throws IOException {
        Calls.makeSparse(directory.resolve("source"), SENT);
        Calls.makeSparse(directory.resolve("target"), RECEIVED);
    }

    /** The stage of the exchange at which the fault happens. */
    private enum Stage {
        HEAD_RECEIVED,
        IN_REQUEST_BODY,
        REQUEST_RECEIVED,
        IN_STATUS_LINE,
        IN_HEAD,
        AFTER_INTERIM_RESPONSE,
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
                case AFTER_INTERIM_RESPONSE -> exchange.write("HTTP/1.1 102 Processing\r\n\r\n");
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

        void inject(ScriptedExchange exchange, ManualClock clock) throws IOException, InterruptedException {
            switch (this) {
                case RESET -> exchange.reset();
                case CLOSE -> exchange.close();
                case CUT_OFF -> {
                    exchange.cutOff();
                    exchange.awaitClientGone();
                }
                case STALL -> {
                    clock.passWhileIdle();
                    exchange.stall();
                }
            }
        }
    }

    private static Stream<Arguments> faults() {
        return Pairwise.arguments(List.of(TestNetChannel.values()), List.of(Fault.values()), List.of(Stage.values()));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aFaultAtAnyStageFailsTheCallAndReleasesTheMemory(TestNetChannel channel, Fault fault, Stage stage)
            throws Exception {
        MappedFile source = MappedFile.open(directory.resolve("source"));
        MappedFile target = MappedFile.open(directory.resolve("target"), MappedFile.Access.READ_WRITE);
        ManualClock clock = new ManualClock();
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            server.then(exchange -> {
                stage.reach(exchange);
                fault.inject(exchange, clock);
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
            clock.stop();
            source.close();
            target.close();
            assertThat(source.isReleased() && target.isReleased())
                    .as("memory is free when the call ends")
                    .isTrue();

            assertThat(failure).as("an incomplete response must fail the call").isNotNull();
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
    void aKeptBodyThatIsCutOffWithoutTheEndOfTlsFailsTheCall(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\n<Result>1</Result>");
                    exchange.cutOff();
                    exchange.awaitClientGone();
                })) {
            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure).as("an attacker could have truncated it").isNotNull();
            assertThat(failure.kind()).isEqualTo(Kind.CLOSED);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKeptBodyThatIsTruncatedFailsTheCall(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.respondHead(200, 5);
                    exchange.write("abcd");
                    exchange.close();
                })) {
            assertThat(Calls.failure(client, Calls.get(server)).kind()).isEqualTo(Kind.CLOSED);
        }
    }

    private static Stream<Arguments> faultsOnEachChannel() {
        return Arrays.stream(TestNetChannel.values())
                .flatMap(channel -> Arrays.stream(Fault.values()).map(fault -> Arguments.of(channel, fault)));
    }

    /** The status decides how an error is handled; its body only explains it. */
    @ParameterizedTest
    @MethodSource("faultsOnEachChannel")
    void anErrorWhoseBodyDoesNotArriveIsStillThatError(TestNetChannel channel, Fault fault) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            server.then(exchange -> {
                exchange.discardBody();
                long waiting = clock.awaitWaiting();
                exchange.respondHead(503, 100);
                exchange.write("abcd");
                clock.awaitServed(waiting); // a reset may overtake what was written before
                fault.inject(exchange, clock);
            });
            HttpResponse response = Calls.execute(client, Calls.put(server, Calls.content(1000)));
            clock.stop();

            assertThat(response.status()).isEqualTo(503);
            assertThat("abcd").startsWith(new String(response.body().bytes(), StandardCharsets.ISO_8859_1));
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            assertThat(server.accepted()).as("the connection is not reused").isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anErrorWhoseBodyArrivesSlowlyIsNotWaitedFor(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client =
                        channel.client().stallTimeout(STALL).clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    long waiting = clock.awaitWaiting();
                    exchange.respondHead(403, RECEIVED);
                    clock.awaitServed(waiting);
                    sendSlowly(exchange, "b", clock);
                })) {
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(403);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKeptBodyThatIsResetFailsTheCall(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\n<Result>");
                    exchange.reset();
                })) {
            assertThat(Calls.failure(client, Calls.get(server)).kind()).isEqualTo(Kind.CLOSED);
        }
    }

    // ---- slow servers

    /** Writes a few bytes after each pause, until the client closes the connection. */
    private static void sendSlowly(ScriptedExchange exchange, String little, ManualClock clock)
            throws IOException, InterruptedException {
        while (true) {
            write(exchange, little, clock);
            clock.advance(PAUSE);
        }
    }

    /** Writes to a client, and waits until it has read the bytes. */
    private static void write(ScriptedExchange exchange, String bytes, ManualClock clock)
            throws IOException, InterruptedException {
        long waiting = clock.awaitWaiting();
        exchange.write(bytes);
        clock.awaitServed(waiting);
    }

    /** A script that advances the client's clock. */
    private interface TimedScript {
        void run(ScriptedExchange exchange, ManualClock clock) throws IOException, InterruptedException;
    }

    private static void assertTimesOut(TestNetChannel channel, ResponseHandler handler, TimedScript script)
            throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client =
                        channel.client().stallTimeout(STALL).clock(clock).build();
                ScriptedServer server = channel.server(exchange -> script.run(exchange, clock))) {
            TransportException failure = Calls.failure(client, Calls.get(server), handler);

            assertThat(failure.kind()).isEqualTo(Kind.TIMEOUT);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeadThatArrivesByteByByteTimesOut(TestNetChannel channel) throws Exception {
        assertTimesOut(channel, ResponseHandler.KEEP, (exchange, clock) -> {
            write(exchange, "HTTP/1.1 200 OK\r\nA: ", clock);
            sendSlowly(exchange, "b", clock);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatArrivesByteByByteTimesOut(TestNetChannel channel) throws Exception {
        assertTimesOut(channel, Calls.into(ByteBuffer.allocateDirect(RECEIVED)), (exchange, clock) -> {
            long waiting = clock.awaitWaiting();
            exchange.respondHead(200, RECEIVED);
            clock.awaitServed(waiting);
            sendSlowly(exchange, "b", clock);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aKeptResponseThatArrivesByteByByteTimesOut(TestNetChannel channel) throws Exception {
        for (String framing : new String[] {"Content-Length: 100000", "Transfer-Encoding: chunked", "A: b"}) {
            String piece = framing.contains("chunked") ? "1\r\n<\r\n" : "<";
            assertTimesOut(channel, ResponseHandler.KEEP, (exchange, clock) -> {
                write(exchange, "HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n", clock);
                sendSlowly(exchange, piece, clock);
            });
        }
    }

    /** Runs a request whose answer is slow, with a time limit for it of ten times the stall timeout. */
    private static void callSlowly(TestNetChannel channel, TimedScript script, TimedCall call) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client = channel.client()
                        .stallTimeout(STALL)
                        .answerTimeout(STALL.multipliedBy(10))
                        .clock(clock)
                        .build();
                ScriptedServer server = channel.server(exchange -> script.run(exchange, clock))) {
            call.run(client, server);
        }
    }

    private interface TimedCall {
        void run(HttpClient client, ScriptedServer server) throws Exception;
    }

    @ParameterizedTest
    @EnumSource
    void aSlowAnswerHasATimeLimitOfItsOwn(TestNetChannel channel) throws Exception {
        callSlowly(
                channel,
                (exchange, clock) -> {
                    exchange.discardBody();
                    clock.awaitWaiting();
                    clock.advance(STALL.multipliedBy(9));
                    exchange.respond(200, "done");
                },
                (client, server) -> assertThat(
                                Calls.execute(client, Calls.slow(server)).body().bytes())
                        .asString()
                        .isEqualTo("done"));
    }

    @ParameterizedTest
    @EnumSource
    void aSlowAnswerThatNeverComesTimesOut(TestNetChannel channel) throws Exception {
        callSlowly(
                channel,
                (exchange, clock) -> {
                    exchange.discardBody();
                    clock.passWhileIdle();
                    exchange.stall();
                },
                (client, server) -> assertThat(
                                Calls.failure(client, Calls.slow(server)).kind())
                        .isEqualTo(Kind.TIMEOUT));
    }

    /** White space ends the silence, but not for ever. */
    @ParameterizedTest
    @CsvSource({"50, true", "70, false"})
    void whiteSpaceKeepsASlowAnswerAlive(int stallTimeouts, boolean inTime) throws Exception {
        callSlowly(
                TestNetChannel.PLAIN,
                (exchange, clock) -> {
                    exchange.discardBody();
                    exchange.respondHead(200, 2 + stallTimeouts / 5);
                    for (int at = 0; at < stallTimeouts; at += 5) {
                        write(exchange, " ", clock);
                        clock.advance(STALL.multipliedBy(5));
                    }
                    exchange.write("ok");
                },
                (client, server) -> {
                    if (inTime) {
                        assertThat(Calls.execute(client, Calls.slow(server))
                                        .body()
                                        .bytes())
                                .asString()
                                .endsWith("ok");
                    } else {
                        assertThat(Calls.failure(client, Calls.slow(server)))
                                .hasMessageContaining("does not end within")
                                .satisfies(problem -> assertThat(problem.kind()).isEqualTo(Kind.TIMEOUT));
                    }
                });
    }

    @ParameterizedTest
    @EnumSource
    void chunksOfOneByteWithLongExtensionsTimeOut(TestNetChannel channel) throws Exception {
        assertTimesOut(channel, Calls.into(ByteBuffer.allocateDirect(RECEIVED)), (exchange, clock) -> {
            write(exchange, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", clock);
            // Much framing, little payload: only payload is progress.
            sendSlowly(exchange, "1;" + "a".repeat(1000) + "\r\nb\r\n", clock);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aSlowResponseThatMakesProgressIsReceived(TestNetChannel channel) throws Exception {
        byte[] content = Calls.content(48 << 10);
        ManualClock clock = new ManualClock();
        try (HttpClient client =
                        channel.client().stallTimeout(STALL).clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.respondHead(200, content.length);
                    for (int at = 0; at < content.length - 2048; at += 2048) {
                        long waiting = clock.awaitWaiting();
                        exchange.output().write(content, at, 2048);
                        clock.awaitServed(waiting);
                        clock.advance(LONG_PAUSE);
                    }
                    exchange.output().write(content, content.length - 2048, 2048);
                })) {
            ByteBuffer target = ByteBuffer.allocateDirect(content.length);
            client.newCall(Calls.get(server)).execute(Calls.into(target));

            assertThat(Calls.bytes(target)).isEqualTo(content);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSlowReaderThatMakesProgressReceivesAll(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client =
                        channel.client().stallTimeout(STALL).clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    while (exchange.bodyReceived() < SENT - BUFFERED) {
                        long waiting = clock.awaitWaiting();
                        while (clock.isAt(waiting)) {
                            exchange.discardBody(256 << 10);
                        }
                        clock.advance(LONG_PAUSE);
                    }
                    exchange.discardBody();
                    exchange.respond(200, "");
                })) {
            BlobSource body = BlobSource.of(ByteBuffer.allocateDirect(SENT)); // in one buffer

            assertThat(Calls.execute(client, Calls.put(server, body)).status()).isEqualTo(200);
            assertThat(Duration.ofNanos(clock.nanoTime())).isGreaterThan(STALL.multipliedBy(2));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatReadsTheRequestByteByByteTimesOut(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client =
                        channel.client().stallTimeout(STALL).clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    while (true) {
                        clock.awaitWaiting();
                        exchange.discardBody(1);
                        clock.advance(PAUSE);
                    }
                })) {
            BlobSource body = BlobSource.of(ByteBuffer.allocateDirect(SENT));

            assertThat(Calls.failure(client, Calls.put(server, body)).kind()).isEqualTo(Kind.TIMEOUT);
            server.close();
        }
    }

    // ---- before the first request

    @Test
    void aPortWithoutListenerIsAConnectFailure() throws Exception {
        Endpoint endpoint;
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.responding(200, ""))) {
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
        // A label of more than 63 characters, which no resolver sends to a name server.
        Endpoint endpoint = new Endpoint(false, "x".repeat(64) + ".invalid", 80);
        try (HttpClient client = TestNetChannel.PLAIN.client().build()) {
            TransportException failure = Calls.failure(client, HttpRequest.of("GET", endpoint, "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN_HOST);
            assertThat(failure.getMessage()).contains(endpoint.host());
        }
    }

    @Test
    void aConnectionThatIsNotAcceptedTimesOut() throws Exception {
        ManualClock clock = new ManualClock();
        try (BlackHole hole = BlackHole.open();
                HttpClient client = TestNetChannel.PLAIN.client().clock(clock).build()) {
            clock.passWhileIdle();
            TransportException failure =
                    Calls.failure(client, HttpRequest.of("GET", hole.endpoint(false), "/", HttpHeaders.EMPTY));

            assertThat(failure.kind()).isEqualTo(Kind.CONNECT);
            assertThat(failure.getMessage()).contains(hole.endpoint(false).authority());
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestNetChannel.class, mode = EnumSource.Mode.EXCLUDE, names = "PLAIN")
    void aHandshakeWithoutResponseTimesOut(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(Script.responding(200, ""))) {
            server.thenConnection(socket -> {
                clock.passWhileIdle();
                socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
            });

            TransportException failure = Calls.failure(client, Calls.get(server));
            clock.stop();

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
                ScriptedServer server = channel.server(Script.responding(200, ""))) {
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
