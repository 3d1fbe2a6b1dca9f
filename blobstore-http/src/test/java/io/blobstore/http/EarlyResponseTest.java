package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests servers that respond before they have received the whole body, by what they do then. */
@ExtendWith(LeakCheck.class)
class EarlyResponseTest {
    /** More than the kernel buffers for a peer that does not read. */
    private static final int SIZE = 48 << 20;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void makeFile() throws IOException {
        Calls.makeSparse(directory.resolve("source"), SIZE);
    }

    private enum Then {
        KEEPS_READING,
        STOPS_READING,
        ENDS_ITS_SIDE,
        CLOSES,
        RESETS;

        void act(ScriptedExchange exchange, MappedFile source) throws IOException, InterruptedException {
            switch (this) {
                case KEEPS_READING -> {
                    awaitStopped(exchange, source);
                    exchange.awaitClientGone();
                }
                case STOPS_READING -> exchange.stall();
                case ENDS_ITS_SIDE -> {
                    exchange.halfClose();
                    awaitStopped(exchange, source);
                    exchange.awaitClientGone();
                }
                case CLOSES -> exchange.close();
                case RESETS -> exchange.reset();
            }
        }

        /**
         * Waits until the client has stopped sending: otherwise it might send the whole body before it sees the
         * response.
         */
        private static void awaitStopped(ScriptedExchange exchange, MappedFile source)
                throws IOException, InterruptedException {
            while (source.leases() > 0) {
                exchange.pause(Duration.ofMillis(1));
            }
        }
    }

    private static Stream<Arguments> ways() {
        return Arrays.stream(TestNetChannel.values())
                .flatMap(channel -> Arrays.stream(Then.values()).map(then -> Arguments.of(channel, then)));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void anEarlyErrorIsReportedAsThatStatus(TestNetChannel channel, Then then) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"));
                MappedFile file = MappedFile.open(directory.resolve("source"))) {
            server.then(exchange -> {
                exchange.discardBody(300_000);
                exchange.respond(503, "<Error>SlowDown</Error>", "Retry-After: 1");
                then.act(exchange, file);
            });

            HttpResponse response = Calls.execute(client, Calls.put(server, file.region()));

            assertThat(file.leases()).isZero();
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.header("retry-after")).contains("1");
            assertThat(response.body().bytes()).asString().isEqualTo("<Error>SlowDown</Error>");
            if (then != Then.STOPS_READING) {
                server.awaitOpen(0); // not reused, as only half of the body was sent
            }
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
            assertThat(server.accepted()).isEqualTo(2);
            assertThat(server.requests()).hasSize(2);
        }
    }

    /** Tests a response to the head, before a byte of the body was read. */
    @ParameterizedTest
    @EnumSource
    void anErrorInResponseToTheHeadIsReportedAsThatStatus(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.respond(403, "<Error>AccessDenied</Error>", "Connection: close");
                    exchange.halfClose();
                    exchange.awaitClientGone();
                });
                MappedFile file = MappedFile.open(directory.resolve("source"))) {
            HttpResponse response = Calls.execute(client, Calls.put(server, file.region()));

            assertThat(response.status()).isEqualTo(403);
            assertThat(response.body().bytes()).asString().isEqualTo("<Error>AccessDenied</Error>");
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEarlySuccessIsAnError(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody(300_000);
                    exchange.respond(200, "");
                    exchange.stall();
                });
                MappedFile file = MappedFile.open(directory.resolve("source"))) {
            TransportException failure = Calls.failure(client, Calls.put(server, file.region()));

            assertThat(failure).as("half a body cannot have been stored").isNotNull();
            assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
            assertThat(file.leases()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterimResponseDuringTheBodyChangesNothing(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody(300_000);
                    exchange.write("HTTP/1.1 102 Processing\r\n\r\n");
                    exchange.discardBody();
                    exchange.respond(200, "");
                });
                MappedFile file = MappedFile.open(directory.resolve("source"))) {
            for (int i = 0; i < 2; i++) {
                assertThat(Calls.execute(client, Calls.put(server, file.region()))
                                .status())
                        .isEqualTo(200);
                assertThat(server.requests().get(i).bodyReceived()).isEqualTo(SIZE);
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    /** Tests a response without a length, which ends with the connection. */
    @ParameterizedTest
    @EnumSource
    void anEarlyErrorMayEndWithTheConnection(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody(300_000);
                    exchange.write("HTTP/1.0 500 Oops\r\n\r\nit broke");
                    exchange.halfClose();
                    exchange.awaitClientGone();
                });
                MappedFile file = MappedFile.open(directory.resolve("source"))) {
            HttpResponse response = Calls.execute(client, Calls.put(server, file.region()));

            assertThat(response.status()).isEqualTo(500);
            assertThat(response.body().bytes()).asString().isEqualTo("it broke");
            server.awaitOpen(0);
        }
    }
}
