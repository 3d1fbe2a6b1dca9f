package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that connections that fail, end or expire give their slots back exactly once. */
@ExtendWith(LeakCheck.class)
class SlotsTest {
    // ---- connections that are not established

    @Test
    void connectionsThatAreRefusedGiveTheirSlotsBack() throws Exception {
        Endpoint gone;
        try (ServerSocket closed = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            gone = new Endpoint(false, "127.0.0.1", closed.getLocalPort());
        }
        try (HttpClient client = HttpClient.builder().maxConnections(2).build()) {
            List<Flight> flights = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                flights.add(
                        Flight.start(() -> Calls.execute(client, HttpRequest.of("GET", gone, "/", HttpHeaders.EMPTY))));
            }
            for (Flight flight : flights) {
                assertThat(flight.failureKind()).isEqualTo(Kind.CONNECT);
                flight.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TLS_JDK", "TLS_OPENSSL", "TLS_CONSCRYPT"})
    void handshakesThatFailGiveTheirSlotsBack(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().maxConnections(1).build()) {
            server.thenConnection(socket -> {}, socket -> {}, socket -> {});
            for (int i = 0; i < 3; i++) {
                try (Flight flight = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                    assertThat(flight.failure()).isInstanceOf(IOException.class);
                }
            }
            try (Flight flight = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                assertThat(flight.response().status()).isEqualTo(200);
            }
        }
    }

    /** The wait for a slot is not part of the time limit for connecting. */
    @Test
    void aConnectionThatTimesOutOrIsCancelledGivesItsSlotBack() throws Exception {
        ManualClock clock = new ManualClock();
        clock.passWhileIdle();
        try (BlackHole hole = BlackHole.open();
                HttpClient client = HttpClient.builder()
                        .connectTimeout(Duration.ofMillis(500))
                        .maxConnections(1)
                        .clock(clock)
                        .build()) {
            HttpRequest request = HttpRequest.of("GET", hole.endpoint(false), "/", HttpHeaders.EMPTY);
            List<Flight> flights = new ArrayList<>();
            List<HttpCall> calls = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                HttpCall call = client.newCall(request);
                calls.add(call);
                flights.add(Flight.start(() -> call.execute(ResponseHandler.KEEP)));
            }
            for (Flight flight : flights) {
                assertThat(flight.failureKind()).isEqualTo(Kind.CONNECT);
                flight.close();
            }
            assertThat(Duration.ofNanos(clock.nanoTime()))
                    .as("one after the other")
                    .isGreaterThanOrEqualTo(Duration.ofMillis(1500));
        }
        try (BlackHole hole = BlackHole.open();
                HttpClient client = HttpClient.builder().maxConnections(1).build()) {
            HttpRequest request = HttpRequest.of("GET", hole.endpoint(false), "/", HttpHeaders.EMPTY);
            HttpCall call = client.newCall(request);
            try (Flight connecting = Flight.start(() -> call.execute(ResponseHandler.KEEP))) {
                connecting.awaitWaiting();
                try (Flight queued = Flight.start(() -> Calls.execute(client, request))) {
                    queued.awaitQueued();
                    call.cancel();
                    assertThat(connecting.failureKind()).isEqualTo(Kind.CANCELLED);
                    queued.awaitWaiting();
                    queued.interrupt();
                    assertThat(queued.failure()).isInstanceOf(java.nio.channels.ClosedByInterruptException.class);
                }
            }
        }
    }

    // ---- connections that were kept

    @ParameterizedTest
    @CsvSource({
        "PLAIN, CLOSE", "TLS_JDK, CLOSE", "TLS_OPENSSL, CLOSE", "TLS_CONSCRYPT, CLOSE",
        "PLAIN, RESET", "TLS_JDK, RESET", "TLS_OPENSSL, RESET", "TLS_CONSCRYPT, RESET",
    })
    void aStaleConnectionIsReplacedThoughItWasTheOnlyOne(TestNetChannel channel, String end) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().maxConnections(1).build()) {
            for (int i = 1; i <= 3; i++) {
                server.then(exchange -> {
                    exchange.respond(200, "last");
                    if (end.equals("CLOSE")) {
                        exchange.close();
                    } else {
                        exchange.reset();
                    }
                });
                try (Flight flight = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                    assertThat(flight.response().status()).isEqualTo(200);
                }
                server.awaitOpen(0);
                assertThat(server.accepted()).isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionThatIsTooOldIsNotPassedOn(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        CountDownLatch go = new CountDownLatch(1);
        try (ScriptedServer server = channel.holdingServer(go);
                HttpClient client = channel.client()
                        .maxConnections(1)
                        .maxIdle(Duration.ofSeconds(10))
                        .maxAge(Duration.ofSeconds(25))
                        .clock(clock)
                        .build();
                Flight first = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
            server.awaitRequest(1);
            try (Flight queued = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                queued.awaitQueued();
                clock.advance(Duration.ofSeconds(26));
                go.countDown();
                assertThat(first.response().status()).isEqualTo(200);
                assertThat(queued.response().status()).isEqualTo(200);
            }
            assertThat(server.accepted()).as("too old").isEqualTo(2);
            server.awaitOpen(1);

            clock.advance(Duration.ofSeconds(11));
            try (Flight next = Flight.start(() -> Calls.execute(client, Calls.get(server)))) {
                assertThat(next.response().status()).isEqualTo(200);
            }
            assertThat(server.accepted()).as("too long idle").isEqualTo(3);
            server.awaitOpen(1);
        }
    }
}
