package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests calls that another thread ends at every stage: they return soon, and have released their memory by then. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class CancelTest {
    /** More than the kernel buffers for a peer that does not read. */
    private static final int SENT = 48 << 20;

    private static final int RECEIVED = 1 << 20;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void makeFiles() throws IOException {
        Calls.makeSparse(directory.resolve("source"), SENT);
        Calls.makeSparse(directory.resolve("target"), RECEIVED);
    }

    /** The event that the call waits for when it is ended. */
    private enum Stage {
        CONNECTION,
        HANDSHAKE,
        CONTINUE,
        SOCKET_BUFFER,
        RESPONSE,
        REST_OF_HEAD,
        REST_OF_BODY;

        void reach(ScriptedExchange exchange) throws IOException {
            switch (this) {
                case CONTINUE -> {}
                case SOCKET_BUFFER -> exchange.discardBody(100_000);
                default -> exchange.discardBody();
            }
            if (this == REST_OF_HEAD) {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Le");
            } else if (this == REST_OF_BODY) {
                exchange.respondHead(200, RECEIVED);
                exchange.output().write(new byte[RECEIVED / 2]);
            }
        }
    }

    private enum Means {
        CANCEL,
        INTERRUPT,
        CLOSE_CLIENT;

        void end(Flight flight, HttpCall call, HttpClient client) {
            switch (this) {
                case CANCEL -> call.cancel();
                case INTERRUPT -> flight.interrupt();
                case CLOSE_CLIENT -> client.close();
            }
        }
    }

    private static Stream<Arguments> cases() {
        return Arrays.stream(TestNetChannel.values())
                .flatMap(channel -> Arrays.stream(Stage.values())
                        .filter(stage -> stage == Stage.CONNECTION ? channel == TestNetChannel.PLAIN : true)
                        .filter(stage -> stage == Stage.HANDSHAKE ? channel.isSecure() : true)
                        .flatMap(stage ->
                                Arrays.stream(Means.values()).map(means -> Arguments.of(channel, stage, means))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCallCanBeEndedAtAnyStage(TestNetChannel channel, Stage stage, Means means) throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean released = new AtomicBoolean();
        MappedFile source = MappedFile.open(directory.resolve("source"));
        MappedFile target = MappedFile.open(directory.resolve("target"), MappedFile.Access.READ_WRITE);
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                BlackHole hole = stage == Stage.CONNECTION ? BlackHole.open() : null;
                HttpClient client = channel.client().build()) {
            if (stage == Stage.HANDSHAKE) {
                server.thenConnection(socket -> {
                    socket.getInputStream().read();
                    reached.countDown();
                    socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                });
            } else if (stage == Stage.CONNECTION) {
                reached.countDown();
            } else {
                server.then(exchange -> {
                    stage.reach(exchange);
                    reached.countDown();
                    ended.await(); // without reading, as the call would make progress otherwise
                    exchange.awaitClientGone();
                });
            }
            HttpCall call = client.newCall(new HttpRequest(
                    "PUT",
                    hole != null ? hole.endpoint(false) : server.endpoint(),
                    "/blob",
                    HttpHeaders.EMPTY,
                    Optional.of(source.region(0, stage == Stage.SOCKET_BUFFER ? SENT : 1 << 20)),
                    stage == Stage.CONTINUE));
            try (Flight flight = Flight.start(() -> {
                try (Lease lease = target.region().acquireWritable()) {
                    return call.execute(Calls.into(lease.buffers().get(0)));
                } finally {
                    source.close();
                    target.close();
                    released.set(source.isReleased() && target.isReleased());
                }
            })) {
                reached.await();
                flight.awaitWaiting();

                means.end(flight, call, client);

                Throwable failure = flight.failure();
                assertThat(released).as("memory is free when the call ends").isTrue();
                if (means == Means.INTERRUPT) {
                    assertThat(failure).isInstanceOf(ClosedByInterruptException.class);
                    assertThat(flight.wasInterrupted()).isTrue();
                } else {
                    assertThat(failure).isInstanceOf(TransportException.class);
                    assertThat(((TransportException) failure).kind()).isEqualTo(Kind.CANCELLED);
                    assertThat(flight.wasInterrupted()).isFalse();
                }
            }
            ended.countDown();
            server.awaitOpen(0);
            if (means != Means.CLOSE_CLIENT) {
                assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            }
        } finally {
            source.close();
            target.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallCanBeEndedWhileItWaitsForAConnection(Means means) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        MappedFile source = MappedFile.open(directory.resolve("source"));
        try (ScriptedServer server = TestNetChannel.PLAIN.server(Script.responding(200, "next"));
                HttpClient client =
                        TestNetChannel.PLAIN.client().maxConnections(1).build()) {
            server.then(exchange -> {
                go.await();
                exchange.respond(200, "first");
            });
            HttpCall call = client.newCall(Calls.put(server, source.region()));
            try (Flight first = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                server.awaitRequest(1);
                try (Flight waiting = Flight.start(() -> call.execute(ResponseHandler.KEEP))) {
                    waiting.awaitQueued();

                    means.end(waiting, call, client);

                    Throwable failure = waiting.failure();
                    source.close();
                    assertThat(source.isReleased()).isTrue();
                    assertThat(waiting.wasInterrupted()).isEqualTo(means == Means.INTERRUPT);
                    if (means == Means.INTERRUPT) {
                        assertThat(failure).isInstanceOf(ClosedByInterruptException.class);
                    } else {
                        assertThat(failure)
                                .isInstanceOfSatisfying(
                                        TransportException.class,
                                        e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
                    }
                }
                go.countDown();
                if (means == Means.CLOSE_CLIENT) {
                    assertThat(first.failure()).isInstanceOf(TransportException.class);
                } else {
                    assertThat(first.response().status()).isEqualTo(200);
                    try (Flight next = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                        assertThat(next.response().status())
                                .as("the slot is not lost")
                                .isEqualTo(200);
                    }
                    assertThat(server.accepted()).isEqualTo(1);
                }
            }
            assertThat(server.requests()).hasSize(means == Means.CLOSE_CLIENT ? 1 : 2);
        } finally {
            source.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallCanBeCancelledBeforeItBegins(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            for (int i = 0; i < 2; i++) { // without an idle connection, and with one
                HttpCall call = client.newCall(Calls.get(server));
                call.cancel();
                call.cancel();

                assertThatExceptionOfType(TransportException.class)
                        .isThrownBy(() -> call.execute(ResponseHandler.KEEP))
                        .matches(e -> e.kind() == Kind.CANCELLED);
                assertThat(server.requests()).hasSize(i);
                assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptedThreadSendsNothing(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            for (int i = 0; i < 2; i++) { // without an idle connection, and with one
                HttpCall call = client.newCall(Calls.get(server));
                Thread.currentThread().interrupt();
                try {
                    assertThatExceptionOfType(ClosedByInterruptException.class)
                            .isThrownBy(() -> call.execute(ResponseHandler.KEEP));
                } finally {
                    assertThat(Thread.interrupted()).isTrue();
                }
                assertThat(server.requests()).hasSize(i);
                assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void cancellingACallThatHasEndedHasNoEffectOnOthers(TestNetChannel channel) throws Exception {
        CountDownLatch received = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (ScriptedServer server = channel.server(Script.responding(200, "next"));
                HttpClient client = channel.client().build()) {
            HttpCall first = client.newCall(Calls.get(server));
            first.execute(ResponseHandler.KEEP);
            first.cancel();
            server.then(exchange -> {
                received.countDown();
                go.await();
                exchange.respond(200, "second");
            });
            try (Flight second = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                received.await();
                first.cancel();
                go.countDown();

                assertThat(second.response().body().bytes()).asString().isEqualTo("second");
            }
            assertThat(server.accepted()).as("the same connection").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingTheClientEndsAllCalls(TestNetChannel channel) throws Exception {
        CountDownLatch received = new CountDownLatch(3);
        try (ScriptedServer server = channel.server(exchange -> {
            received.countDown();
            exchange.awaitClientGone();
        })) {
            HttpClient client = channel.client().build();
            try (Flight a = Flight.start(() -> Calls.execute(client, Calls.get(server)));
                    Flight b = Flight.start(() -> Calls.execute(client, Calls.get(server)));
                    Flight c = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                received.await();
                client.close();
                client.close();

                for (Flight flight : new Flight[] {a, b, c}) {
                    assertThat(flight.failure())
                            .isInstanceOfSatisfying(
                                    TransportException.class,
                                    e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
                }
            }
            server.awaitOpen(0);
            assertThatIllegalStateException()
                    .isThrownBy(() -> Calls.execute(client, Calls.get(server)))
                    .withMessageContaining("closed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallIsExecutedOnce(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, ""));
                HttpClient client = channel.client().build()) {
            HttpCall call = client.newCall(Calls.get(server));
            call.execute(ResponseHandler.KEEP);

            assertThatIllegalStateException().isThrownBy(() -> call.execute(ResponseHandler.KEEP));
            assertThat(server.requests()).hasSize(1);
        }
    }
}
