package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Header fields that an application adds, and what a client's listener learns about its exchanges. */
@ExtendWith(LeakCheck.class)
class AddedHeadersTest {
    private static final Script OK = Script.responding(200, "12345");

    private static ScriptedExchange send(Supplier<Map<String, String>> headers) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(OK);
                HttpClient client = HttpClient.builder().addedHeaders(headers).build()) {
            HttpHeaders own = HttpHeaders.builder().add("X-Own", "1").build();
            Calls.execute(client, HttpRequest.of("GET", server.endpoint(), "/blob", own));
            return server.requests().get(0);
        }
    }

    @Test
    void fieldsAreAddedToEachRequest() throws IOException {
        List<Integer> calls = new ArrayList<>();
        try (ScriptedServer server = ScriptedServer.plain(OK);
                HttpClient client = HttpClient.builder()
                        .addedHeaders(() -> {
                            calls.add(1);
                            return Map.of("traceparent", "00-" + calls.size());
                        })
                        .build()) {
            Calls.execute(client, Calls.get(server));
            Calls.execute(client, Calls.get(server));
            assertThat(server.requests())
                    .extracting(request -> request.header("traceparent").orElse(""))
                    .containsExactly("00-1", "00-2");
        }
    }

    @Test
    void aTaskForAnotherThreadTakesTheFieldsAlong() throws Exception {
        Thread caller = Thread.currentThread();
        try (ScriptedServer server = ScriptedServer.plain(OK);
                HttpClient client = HttpClient.builder()
                        .addedHeaders(() ->
                                Map.of("traceparent", Thread.currentThread().equals(caller) ? "00-caller" : "00-other"))
                        .build()) {
            Callable<Integer> send =
                    () -> Calls.execute(client, Calls.get(server)).status();
            FutureTask<Integer> carrying = new FutureTask<>(client.carryingAddedHeaders(send));
            FutureTask<Integer> plain = new FutureTask<>(send);
            Thread other = new Thread(() -> {
                carrying.run();
                plain.run();
            });
            other.start();
            assertThat(carrying.get()).isEqualTo(200);
            assertThat(plain.get()).isEqualTo(200);
            other.join();
            assertThat(server.requests())
                    .extracting(request -> request.header("traceparent").orElse(""))
                    .containsExactly("00-caller", "00-other");
        }
    }

    /** The task is run, and sends its requests without fields. */
    @Test
    void aSupplierThatThrowsFailsNoTaskForAnotherThread() throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(OK);
                HttpClient client = HttpClient.builder()
                        .addedHeaders(() -> {
                            throw new IllegalStateException("no tracer");
                        })
                        .build()) {
            int status = client.carryingAddedHeaders(
                            () -> Calls.execute(client, Calls.get(server)).status())
                    .call();
            assertThat(status).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization",
                "host",
                "Content-Length",
                "Content-Type",
                "Transfer-Encoding",
                "Connection",
                "Expect",
                "Range",
                "If-Match",
                "X-Amz-Date",
                "x-amz-server-side-encryption",
                "x-goog-user-project",
                "Proxy-Authorization",
                "Cookie",
                "x-own"
            })
    void fieldsOfTheStoreAreNotReplaced(String name) throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put(name, "evil");
        fields.put("traceparent", "00-1");
        ScriptedExchange request = send(() -> fields);

        assertThat(request.headers().all(name)).doesNotContain("evil");
        assertThat(request.header("traceparent")).contains("00-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX-Injected: 1", "a\nb", "a\0b"})
    void aValueThatWouldBreakTheHeadIsLeftOut(String value) throws IOException {
        ScriptedExchange request = send(() -> Map.of("baggage", value));

        assertThat(request.header("baggage")).isEmpty();
        assertThat(request.header("X-Injected")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:b", "a\r\nX-Injected"})
    void aNameThatWouldBreakTheHeadIsLeftOut(String name) throws IOException {
        assertThat(send(() -> Map.of(name, "1")).header("X-Injected")).isEmpty();
    }

    @Test
    void fieldsBeyondTheLimitAreLeftOut() throws IOException {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("traceparent", "00-1");
        fields.put("baggage", "a".repeat(AddedHeaders.MAX_CHARACTERS));
        ScriptedExchange request = send(() -> fields);

        assertThat(request.header("traceparent")).contains("00-1");
        assertThat(request.header("baggage")).isEmpty();
    }

    @Test
    void aSupplierThatThrowsFailsNoRequest() throws IOException {
        ScriptedExchange request = send(() -> {
            throw new IllegalStateException("no tracer");
        });
        assertThat(request.header("X-Own")).contains("1");
    }

    // ---- the listener

    private record Summary(long waitNanos, int status, long sent, long received) {}

    @Test
    void theListenerReceivesASummaryOfEachExchange() throws IOException {
        List<Summary> summaries = new ArrayList<>();
        try (ScriptedServer server = ScriptedServer.plain(OK).then(OK, OK, Script.responding(404, "gone"), exchange -> {
                    exchange.discardBody(1 << 20);
                    exchange.reset();
                });
                HttpClient client = HttpClient.builder()
                        .listener((wait, status, sent, received) ->
                                summaries.add(new Summary(wait, status, sent, received)))
                        .build()) {
            Calls.execute(client, Calls.put(server, new byte[1000]));
            client.newCall(Calls.get(server)).execute(Calls.into(ByteBuffer.allocateDirect(5)));
            Calls.execute(client, Calls.get(server));
            Calls.failure(client, Calls.put(server, BlobSource.of(ByteBuffer.allocateDirect(64 << 20))));
        }
        assertThat(summaries)
                .hasSize(4)
                .allSatisfy(summary -> assertThat(summary.waitNanos()).isPositive());
        assertThat(summaries).extracting(Summary::status).containsExactly(200, 200, 404, 0);
        assertThat(summaries).extracting(Summary::received).containsExactly(5L, 5L, 4L, 0L);
        assertThat(summaries.get(0).sent()).isEqualTo(1000);
        assertThat(summaries.get(3).sent()).isBetween(1L << 20, (64L << 20) - 1);
    }
}
