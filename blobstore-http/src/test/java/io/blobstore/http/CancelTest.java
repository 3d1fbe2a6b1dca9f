package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.Lease;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls that are ended from outside, at every stage: they return soon, and the memory is free at that moment. */
@ExtendWith(LeakCheck.class)
class CancelTest {
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

    /** What the call waits for when it is ended. */
    private enum Stage {
        CONNECTION,
        HANDSHAKE,
        LEAVE_TO_SEND,
        ROOM,
        ANSWER,
        REST_OF_HEAD,
        REST_OF_BODY;

        void reach(ScriptedExchange exchange) throws IOException {
            switch (this) {
                case LEAVE_TO_SEND -> {}
                case ROOM -> exchange.discardBody(100_000);
                default -> exchange.discardBody();
            }
            if (this == REST_OF_HEAD) {
                exchange.write("HTTP/1.1 200 OK\r\nContent-Le");
            } else if (this == REST_OF_BODY) {
                exchange.answerHead(200, RECEIVED);
                exchange.output().write(new byte[RECEIVED / 2]);
            }
        }
    }

    private enum Means {
        CANCEL,
        INTERRUPT,
        CLOSE_TRANSPORT;

        void end(Flight flight, HttpCall call, HttpTransport transport) {
            switch (this) {
                case CANCEL -> call.cancel();
                case INTERRUPT -> flight.interrupt();
                case CLOSE_TRANSPORT -> transport.close();
            }
        }
    }

    private static Stream<Arguments> cases() {
        return Arrays.stream(TestWire.values())
                .flatMap(wire -> Arrays.stream(Stage.values())
                        .filter(stage -> stage == Stage.CONNECTION ? wire == TestWire.PLAIN : true)
                        .filter(stage -> stage == Stage.HANDSHAKE ? wire.isSecure() : true)
                        .flatMap(
                                stage -> Arrays.stream(Means.values()).map(means -> Arguments.of(wire, stage, means))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aCallCanBeEndedAtAnyStage(TestWire wire, Stage stage, Means means) throws Exception {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean released = new AtomicBoolean();
        MappedFile source = MappedFile.open(directory.resolve("source"));
        MappedFile target = MappedFile.open(directory.resolve("target"), MappedFile.Access.READ_WRITE);
        try (ScriptedServer server = wire.server(Script.answering(200, "next"));
                BlackHole hole = stage == Stage.CONNECTION ? BlackHole.open() : null;
                HttpTransport transport = wire.transport().build()) {
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
                    ended.await(); // without reading, or the call would go on
                    exchange.awaitClientGone();
                });
            }
            HttpCall call = transport.newCall(new HttpRequest(
                    "PUT",
                    hole != null ? hole.endpoint(false) : server.endpoint(),
                    "/blob",
                    HttpHeaders.EMPTY,
                    Optional.of(source.region(0, stage == Stage.ROOM ? SENT : 1 << 20)),
                    stage == Stage.LEAVE_TO_SEND));
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

                means.end(flight, call, transport);

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
            if (means != Means.CLOSE_TRANSPORT) {
                assertThat(Calls.execute(transport, Calls.get(server)).status()).isEqualTo(200);
            }
        } finally {
            source.close();
            target.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallCanBeEndedWhileItWaitsForItsTurn(Means means) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        MappedFile source = MappedFile.open(directory.resolve("source"));
        try (ScriptedServer server = TestWire.PLAIN.server(Script.answering(200, "next"));
                HttpTransport transport =
                        TestWire.PLAIN.transport().maxConnections(1).build()) {
            server.then(exchange -> {
                go.await();
                exchange.answer(200, "first");
            });
            HttpCall call = transport.newCall(Calls.put(server, source.region()));
            try (Flight first = Flight.start(() -> Calls.execute(transport, Calls.get(server)))) {
                server.awaitRequest(1);
                try (Flight waiting = Flight.start(() -> call.execute(BodySink.KEEP))) {
                    waiting.awaitQueued();

                    means.end(waiting, call, transport);

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
                if (means == Means.CLOSE_TRANSPORT) {
                    assertThat(first.failure()).isInstanceOf(TransportException.class);
                } else {
                    assertThat(first.response().status()).isEqualTo(200);
                    try (Flight next = Flight.start(() -> Calls.execute(transport, Calls.get(server)))) {
                        assertThat(next.response().status())
                                .as("the slot is not lost")
                                .isEqualTo(200);
                    }
                    assertThat(server.accepted()).isEqualTo(1);
                }
            }
            assertThat(server.requests()).hasSize(means == Means.CLOSE_TRANSPORT ? 1 : 2);
        } finally {
            source.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallCanBeCancelledBeforeItBegins(TestWire wire) throws Exception {
        try (ScriptedServer server = wire.server(Script.answering(200, "next"));
                HttpTransport transport = wire.transport().build()) {
            for (int i = 0; i < 2; i++) { // without a kept connection, and with one
                HttpCall call = transport.newCall(Calls.get(server));
                call.cancel();
                call.cancel();

                assertThatExceptionOfType(TransportException.class)
                        .isThrownBy(() -> call.execute(BodySink.KEEP))
                        .matches(e -> e.kind() == Kind.CANCELLED);
                assertThat(server.requests()).hasSize(i);
                assertThat(Calls.execute(transport, Calls.get(server)).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aThreadThatIsInterruptedSendsNothing(TestWire wire) throws Exception {
        try (ScriptedServer server = wire.server(Script.answering(200, "next"));
                HttpTransport transport = wire.transport().build()) {
            for (int i = 0; i < 2; i++) { // without a kept connection, and with one
                HttpCall call = transport.newCall(Calls.get(server));
                Thread.currentThread().interrupt();
                try {
                    assertThatExceptionOfType(ClosedByInterruptException.class)
                            .isThrownBy(() -> call.execute(BodySink.KEEP));
                } finally {
                    assertThat(Thread.interrupted()).isTrue();
                }
                assertThat(server.requests()).hasSize(i);
                assertThat(Calls.execute(transport, Calls.get(server)).status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void cancellingACallThatHasEndedDisturbsNobody(TestWire wire) throws Exception {
        CountDownLatch received = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (ScriptedServer server = wire.server(Script.answering(200, "next"));
                HttpTransport transport = wire.transport().build()) {
            HttpCall first = transport.newCall(Calls.get(server));
            first.execute(BodySink.KEEP);
            first.cancel();
            server.then(exchange -> {
                received.countDown();
                go.await();
                exchange.answer(200, "second");
            });
            try (Flight second = Flight.start(() -> Calls.execute(transport, Calls.get(server)))) {
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
    void closingTheTransportEndsEverything(TestWire wire) throws Exception {
        CountDownLatch received = new CountDownLatch(3);
        try (ScriptedServer server = wire.server(exchange -> {
            received.countDown();
            exchange.awaitClientGone();
        })) {
            HttpTransport transport = wire.transport().build();
            try (Flight a = Flight.start(() -> Calls.execute(transport, Calls.get(server)));
                    Flight b = Flight.start(() -> Calls.execute(transport, Calls.get(server)));
                    Flight c = Flight.start(() -> Calls.execute(transport, Calls.get(server)))) {
                received.await();
                transport.close();
                transport.close();

                for (Flight flight : new Flight[] {a, b, c}) {
                    assertThat(flight.failure())
                            .isInstanceOfSatisfying(
                                    TransportException.class,
                                    e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
                }
            }
            server.awaitOpen(0);
            assertThatIllegalStateException()
                    .isThrownBy(() -> Calls.execute(transport, Calls.get(server)))
                    .withMessageContaining("closed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCallIsExecutedOnce(TestWire wire) throws Exception {
        try (ScriptedServer server = wire.server(Script.answering(200, ""));
                HttpTransport transport = wire.transport().build()) {
            HttpCall call = transport.newCall(Calls.get(server));
            call.execute(BodySink.KEEP);

            assertThatIllegalStateException().isThrownBy(() -> call.execute(BodySink.KEEP));
            assertThat(server.requests()).hasSize(1);
        }
    }
}
