package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the limit on connections: it is never exceeded, and no call waits for a slot that is free. */
@ExtendWith(LeakCheck.class)
class MaxConnectionsTest {
    private static final int THREADS = 64;
    private static final int BOUND = 4;
    private static final int EACH = 8;

    private static HttpRequest get(ScriptedServer server, String path) {
        return HttpRequest.of("GET", server.endpoint(), path, HttpHeaders.EMPTY);
    }

    // ---- the bound

    @ParameterizedTest
    @EnumSource
    void manyThreadsShareAFewConnections(TestNetChannel channel) throws Exception {
        CountDownLatch together = new CountDownLatch(BOUND);
        try (ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody();
                    together.countDown();
                    together.await(); // the bound is reached
                    exchange.respond(200, exchange.target());
                });
                HttpClient client = channel.client().maxConnections(BOUND).build()) {
            List<Flight> flights = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                String path = "/" + thread;
                flights.add(Flight.start(() -> {
                    HttpResponse last = null;
                    for (int i = 0; i < EACH; i++) {
                        last = Calls.execute(client, get(server, path));
                    }
                    return last;
                }));
            }
            for (int thread = 0; thread < THREADS; thread++) {
                try (Flight flight = flights.get(thread)) {
                    assertThat(flight.response().body().bytes()).asString().isEqualTo("/" + thread);
                }
            }
            assertThat(server.requests()).hasSize(THREADS * EACH);
            assertThat(server.accepted()).isEqualTo(BOUND);
            assertThat(server.open()).as("all are kept").isEqualTo(BOUND);
            client.close();
            server.awaitOpen(0);
        }
    }

    /**
     * Counts the requests that the server handles at a time: each has a connection, so their number shows the limit.
     */
    @ParameterizedTest
    @EnumSource
    void connectionsThatEndAreReplacedAndNotAddedTo(TestNetChannel channel) throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger number = new AtomicInteger();
        Phaser closing = new Phaser(1);
        try (ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody();
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    int which = number.getAndIncrement() % 4;
                    now.decrementAndGet();
                    switch (which) {
                        case 0 -> exchange.reset();
                        case 1 -> exchange.respond(200, "", "Connection: close");
                        case 2 -> {
                            closing.register();
                            try {
                                exchange.respond(200, ""); // and becomes stale
                                exchange.close();
                            } finally {
                                closing.arriveAndDeregister();
                            }
                        }
                        default -> exchange.respond(200, "");
                    }
                });
                HttpClient client = channel.client().maxConnections(BOUND).build()) {
            List<Flight> flights = new ArrayList<>();
            for (int thread = 0; thread < THREADS / 2; thread++) {
                flights.add(Flight.start(() -> {
                    HttpResponse last = new HttpResponse(0, HttpHeaders.EMPTY, HttpResponse.Body.EMPTY, 0);
                    for (int i = 0; i < EACH; i++) {
                        try {
                            last = Calls.execute(client, get(server, "/"));
                        } catch (TransportException e) {
                            assertThat(e.kind()).isEqualTo(Kind.CLOSED);
                        }
                    }
                    return last;
                }));
            }
            for (Flight flight : flights) {
                flight.response();
                flight.close();
            }
            assertThat(most.get()).isBetween(1, BOUND);
            assertThat(server.accepted()).isGreaterThan(BOUND);
            // From here on, closed connections are known to be closed, and no request is sent over them.
            closing.awaitAdvanceInterruptibly(closing.arrive(), 20, TimeUnit.SECONDS);

            CountDownLatch together = new CountDownLatch(BOUND);
            Script all = exchange -> {
                together.countDown();
                together.await();
                exchange.respond(200, "");
            };
            server.then(all, all, all, all);
            flights.clear();
            for (int i = 0; i < BOUND; i++) {
                flights.add(Flight.start(() -> Calls.execute(client, get(server, "/"))));
            }
            for (Flight flight : flights) {
                assertThat(flight.response().status()).as("no slot is lost").isEqualTo(200);
                flight.close();
            }
            client.close();
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void endpointsDoNotWaitForEachOther(TestNetChannel channel) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (ScriptedServer one = channel.holdingServer(go);
                ScriptedServer two = channel.server(Script.responding(200, "two"));
                HttpClient client = channel.client().maxConnections(1).build();
                Flight first = Flight.start(() -> Calls.execute(client, Calls.get(one)))) {
            one.awaitRequest(1);
            try (Flight queued = Flight.start(() -> Calls.execute(client, Calls.get(one)));
                    Flight elsewhere = Flight.start(() -> Calls.execute(client, Calls.get(two)))) {
                queued.awaitQueued();

                assertThat(elsewhere.response().body().bytes()).asString().isEqualTo("two");
                assertThat(one.requests()).hasSize(1);
                go.countDown();
                assertThat(first.response().status()).isEqualTo(200);
                assertThat(queued.response().status()).isEqualTo(200);
            }
            assertThat(one.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void aBoundBelowOneIsRefused(int bound) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpClient.builder().maxConnections(bound))
                .withMessageContaining("1 or more; got " + bound);
    }

    // ---- the order of waiting calls

    @ParameterizedTest
    @CsvSource({"true, 0", "true, 2", "true, 4", "false, 0", "false, 2", "false, 4"})
    void callsAreServedInOrderOfArrivalEvenIfOneGivesUp(boolean kept, int givingUp) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (ScriptedServer server =
                        TestNetChannel.PLAIN.server(Script.responding(200, "", kept ? "X-A: b" : "Connection: close"));
                HttpClient client =
                        TestNetChannel.PLAIN.client().maxConnections(1).build()) {
            server.then(exchange -> {
                go.await();
                exchange.respond(200, "", kept ? "X-A: b" : "Connection: close");
            });
            List<Flight> flights = new ArrayList<>();
            List<HttpCall> calls = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            flights.add(Flight.start(() -> Calls.execute(client, get(server, "/first"))));
            server.awaitRequest(1);
            for (int i = 0; i < 5; i++) {
                HttpCall call = client.newCall(get(server, "/" + i));
                calls.add(call);
                Flight flight = Flight.start(() -> call.execute(ResponseHandler.KEEP));
                flights.add(flight);
                flight.awaitQueued();
                if (i != givingUp) {
                    expected.add("/" + i);
                }
            }
            calls.get(givingUp).cancel();
            assertThat(flights.get(givingUp + 1).failureKind()).isEqualTo(Kind.CANCELLED);
            go.countDown();
            for (Flight flight : flights) {
                if (flight != flights.get(givingUp + 1)) {
                    assertThat(flight.response().status()).isEqualTo(200);
                }
                flight.close();
            }
            assertThat(server.requests().stream().skip(1).map(ScriptedExchange::target))
                    .containsExactlyElementsOf(expected);
            assertThat(server.accepted()).isEqualTo(kept ? 1 : 5);
        }
    }
}
