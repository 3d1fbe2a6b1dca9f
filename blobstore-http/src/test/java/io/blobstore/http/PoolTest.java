package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests which connections are kept and reused, and which are not. */
@ExtendWith(LeakCheck.class)
class PoolTest {
    @ParameterizedTest
    @EnumSource
    void sequentialRequestsShareAConnection(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().build()) {
            for (int i = 0; i < 20; i++) {
                Calls.execute(client, i % 2 == 0 ? Calls.get(server) : Calls.put(server, Calls.content(100_000)));
            }
            assertThat(server.accepted()).isEqualTo(1);
            client.close();
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void endpointsShareNothing(TestNetChannel channel) throws Exception {
        try (ScriptedServer one = channel.server(Script.responding(200, "one"));
                ScriptedServer two = channel.server(Script.responding(200, "two"));
                HttpClient client = channel.client().build()) {
            for (int i = 0; i < 2; i++) {
                assertThat(Calls.execute(client, Calls.get(one)).body().bytes())
                        .asString()
                        .isEqualTo("one");
                assertThat(Calls.execute(client, Calls.get(two)).body().bytes())
                        .asString()
                        .isEqualTo("two");
            }
            assertThat(one.accepted()).isEqualTo(1);
            assertThat(two.accepted()).isEqualTo(1);
        }
    }

    // ---- limits

    @ParameterizedTest
    @EnumSource
    void aConnectionIsKeptForALimitedTime(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client()
                        .maxIdle(Duration.ofSeconds(10))
                        .maxAge(Duration.ofSeconds(25))
                        .clock(clock)
                        .build()) {
            Calls.execute(client, Calls.get(server));
            clock.advance(Duration.ofSeconds(9));
            Calls.execute(client, Calls.get(server));
            assertThat(server.accepted()).isEqualTo(1);

            clock.advance(Duration.ofSeconds(11));
            Calls.execute(client, Calls.get(server));
            assertThat(server.accepted()).as("too long idle").isEqualTo(2);
            server.awaitOpen(1);

            for (int i = 0; i < 3; i++) {
                clock.advance(Duration.ofSeconds(8));
                Calls.execute(client, Calls.get(server));
            }
            assertThat(server.accepted()).isEqualTo(2);
            clock.advance(Duration.ofSeconds(8));
            Calls.execute(client, Calls.get(server));
            assertThat(server.accepted())
                    .as("too old, though never idle for long")
                    .isEqualTo(3);
            server.awaitOpen(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void expiredConnectionsAreClosedWhenThePoolIsNextUsed(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        CountDownLatch all = new CountDownLatch(5);
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client()
                        .maxIdle(Duration.ofSeconds(10))
                        .clock(clock)
                        .build()) {
            Script together = exchange -> {
                all.countDown();
                all.await();
                exchange.respond(200, "");
            };
            server.then(together, together, together, together, together);
            List<Flight> flights = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                flights.add(Flight.start(() -> Calls.execute(client, Calls.get(server))));
            }
            for (Flight flight : flights) {
                flight.response();
                flight.close();
            }
            assertThat(server.open()).isEqualTo(5);

            clock.advance(Duration.ofSeconds(5));
            Calls.execute(client, Calls.get(server));
            clock.advance(Duration.ofSeconds(6));
            Calls.execute(client, Calls.get(server));

            server.awaitOpen(1);
            assertThat(server.accepted()).isEqualTo(5);
        }
    }

    // ---- stale connections

    @ParameterizedTest
    @CsvSource({
        "PLAIN, CLOSE", "TLS_JDK, CLOSE", "TLS_OPENSSL, CLOSE", "TLS_CONSCRYPT, CLOSE",
        "PLAIN, RESET", "TLS_JDK, RESET", "TLS_OPENSSL, RESET", "TLS_CONSCRYPT, RESET",
        "PLAIN, CUT", "TLS_JDK, CUT", "TLS_OPENSSL, CUT", "TLS_CONSCRYPT, CUT",
    })
    void aConnectionThatTheServerClosedMeanwhileIsReplaced(TestNetChannel channel, String end) throws Exception {
        byte[] content = Calls.content(1 << 20);
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().build()) {
            for (int i = 1; i <= 3; i++) {
                server.then(exchange -> {
                    exchange.discardBody();
                    exchange.respond(200, "last");
                    switch (end) {
                        case "CLOSE" -> exchange.close();
                        case "RESET" -> exchange.reset();
                        default -> exchange.cutOff();
                    }
                });
                Calls.execute(client, Calls.put(server, content));
                server.awaitOpen(0);
                assertThat(server.accepted()).isEqualTo(i);
            }
            Calls.execute(client, Calls.put(server, content));
            assertThat(server.requests()).hasSize(4);
            assertThat(server.requests().get(3).bodyChecksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyStaleConnectionsAreReplacedByOneNewOne(TestNetChannel channel) throws Exception {
        CountDownLatch all = new CountDownLatch(5);
        try (ScriptedServer server = channel.server(exchange -> {
                    all.countDown();
                    all.await();
                    exchange.respond(200, "");
                    exchange.close();
                });
                HttpClient client = channel.client().build()) {
            List<Flight> flights = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                flights.add(Flight.start(() -> Calls.execute(client, Calls.get(server))));
            }
            for (Flight flight : flights) {
                flight.response();
                flight.close();
            }
            server.awaitOpen(0);

            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            assertThat(server.accepted()).isEqualTo(6);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestOfWhichBytesWereSentIsNotRepeated(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().build()) {
            Calls.execute(client, Calls.get(server));
            server.then(ScriptedExchange::close);

            TransportException failure = Calls.failure(client, Calls.get(server));

            assertThat(failure.kind()).isEqualTo(Kind.CLOSED);
            assertThat(server.requests()).hasSize(2);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestThatIsCutOffDuringItsBodyIsNotRepeated(TestNetChannel channel) throws Exception {
        try (ScriptedServer server = channel.server(Script.responding(200, "ok"));
                HttpClient client = channel.client().build()) {
            Calls.execute(client, Calls.get(server));
            server.then(exchange -> {
                exchange.discardBody(100_000);
                exchange.reset();
            });
            TransportException failure =
                    Calls.failure(client, Calls.put(server, BlobSource.of(ByteBuffer.allocateDirect(16 << 20))));

            assertThat(failure.kind()).isEqualTo(Kind.CLOSED);
            assertThat(server.requests()).hasSize(2);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    // ---- many at once

    @ParameterizedTest
    @EnumSource
    void manyThreadsGetTheirOwnResponses(TestNetChannel channel) throws Exception {
        int threads = 12;
        int requests = 40;
        AtomicInteger wrong = new AtomicInteger();
        try (ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody();
                    if (exchange.target().endsWith("/reset")) {
                        exchange.reset();
                    } else if (exchange.target().endsWith("/early")) {
                        exchange.respond(503, exchange.target(), "Connection: close");
                        exchange.close();
                    } else {
                        exchange.respond(200, exchange.target() + " " + exchange.bodyChecksum());
                    }
                });
                HttpClient client = channel.client().build()) {
            List<Flight> flights = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                Random random = new Random(thread);
                String name = "/" + thread;
                flights.add(Flight.start(() -> {
                    HttpResponse last = null;
                    for (int i = 0; i < requests; i++) {
                        last = one(client, server, name + "/" + i, random, wrong);
                    }
                    return last;
                }));
            }
            for (Flight flight : flights) {
                flight.response();
                flight.close();
            }
            assertThat(wrong).hasValue(0);
            assertThat(server.requests()).as("each sent once").hasSize(threads * requests);
            assertThat(server.open()).isLessThanOrEqualTo(threads);
            client.close();
            server.awaitOpen(0);
        }
    }

    private static HttpResponse one(
            HttpClient client, ScriptedServer server, String name, Random random, AtomicInteger wrong)
            throws IOException {
        byte[] content = Calls.content(random.nextInt(3) == 0 ? 0 : random.nextInt(300_000));
        String fault = random.nextInt(8) == 0 ? "/reset" : random.nextInt(8) == 0 ? "/early" : "";
        HttpRequest request = HttpRequest.of(
                "PUT", server.endpoint(), name + fault, HttpHeaders.EMPTY, BlobSource.of(Calls.direct(content)));
        try {
            HttpResponse response = Calls.execute(client, request);
            String body = new String(response.body().bytes(), StandardCharsets.ISO_8859_1);
            String expected = fault.isEmpty() ? name + " " + Crc32c.of(ByteBuffer.wrap(content)) : name + "/early";
            if (!body.equals(expected)) {
                wrong.incrementAndGet();
            }
            return response;
        } catch (TransportException e) {
            if (!fault.equals("/reset") || e.kind() != Kind.CLOSED) {
                throw e;
            }
            return new HttpResponse(500, HttpHeaders.EMPTY, HttpResponse.Body.EMPTY, 0);
        }
    }
}
