package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TransportException.Kind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests responses that violate RFC 9112, or that two parsers could interpret differently: the call fails with a typed
 * exception, and the connection is not reused.
 */
@ExtendWith(LeakCheck.class)
class MalformedResponseTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";

    /** The correct length of the body. */
    private static final int LENGTH = 4;

    private static Named<String> row(String name, String response) {
        return Named.of(name, response);
    }

    private static String field(String field) {
        return OK + field + "\r\nContent-Length: 4\r\n\r\nabcd";
    }

    private static String length(String length) {
        return OK + "Content-Length:" + length + "\r\n\r\nabcd";
    }

    private static String coding(String fields) {
        return OK + fields + "\r\n\r\n4\r\nabcd\r\n0\r\n\r\n";
    }

    private static String status(String line) {
        return line + "\r\nContent-Length: 4\r\n\r\nabcd";
    }

    private static Stream<Named<String>> heads() {
        return Stream.of(
                // the status line
                row("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
                row("HTTP/2", status("HTTP/2 200 OK")),
                row("HTTP/0.9", status("HTTP/0.9 200 OK")),
                row("HTTP/1.10", status("HTTP/1.10 200 OK")),
                row("HTTP/1.2", status("HTTP/1.2 200 OK")),
                row("http in lower case", status("http/1.1 200 OK")),
                row("two spaces before the status", status("HTTP/1.1  200 OK")),
                row("a tab before the status", status("HTTP/1.1\t200 OK")),
                row("a space before the version", status(" HTTP/1.1 200 OK")),
                row("two digits", status("HTTP/1.1 20 OK")),
                row("four digits", status("HTTP/1.1 2000 OK")),
                row("no digits", status("HTTP/1.1 abc OK")),
                row("a sign", status("HTTP/1.1 +20 OK")),
                row("status 000", status("HTTP/1.1 000 OK")),
                row("status 099", status("HTTP/1.1 099 OK")),
                row("status 600", status("HTTP/1.1 600 OK")),
                row("status 999", status("HTTP/1.1 999 OK")),
                row("digits of another script", status("HTTP/1.1 \u00b2\u00b2\u00b2 OK")),
                row("no reason, no space, no digits", status("HTTP/1.1")),
                row("NUL in the reason", status("HTTP/1.1 200 O\0K")),
                row("a bare CR in the reason", status("HTTP/1.1 200 O\rK")),
                row("a switch of protocols that was not requested", "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"),
                // fields
                row("a folded line", field("A: b\r\n c")),
                row("a folded line with a tab", field("A: b\r\n\tc")),
                row("a folded first line", OK + " A: b\r\nContent-Length: 4\r\n\r\nabcd"),
                row("a space before the colon", field("A : b")),
                row("a tab before the colon", field("A\t: b")),
                row("a space before the colon of Content-Length", OK + "Content-Length : 4\r\n\r\nabcd"),
                row("no name", field(": b")),
                row("no colon", field("Abc")),
                row("a space in the name", field("A b: c")),
                row("a separator in the name", field("A(b): c")),
                row("a name beyond ASCII", field("\u00c4: b")),
                row("NUL in the name", field("A\0: b")),
                row("NUL in the value", field("A: b\0")),
                row("a bare CR in the value", field("A: b\rContent-Length: 5")),
                row("a bare CR at the end of the value", field("A: b\r\r")),
                row("another control character", field("A: \u001b[0m")),
                row("DEL", field("A: b\u007f")),
                row("a bare LF after the status line", "HTTP/1.1 200 OK\nContent-Length: 4\r\n\r\nabcd"),
                row("a bare LF after a field", OK + "Content-Length: 4\nA: b\r\n\r\nabcd"),
                row("a bare LF at the end of the head", OK + "Content-Length: 4\r\n\nabcd"),
                row("bare LFs everywhere", "HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd"));
    }

    private static Stream<Named<String>> framings() {
        return Stream.of(
                // Content-Length
                row("no length", length("")),
                row("a blank length", length("  ")),
                row("a signed length", length("+4")),
                row("a negative length", length("-4")),
                row("a hexadecimal length", length("0x4")),
                row("a fraction", length("4.0")),
                row("an exponent", length("4e0")),
                row("a list of different lengths", length("4, 5")),
                row("a list of the same number written differently", length("4, 04")),
                row("a list with an empty element", length("4,")),
                row("a list of no numbers", length("x, x")),
                row("two numbers", length("4 4")),
                row("a unit", length("4 bytes")),
                row("digits of another script", length("\u00b2")),
                row("a length of 20 digits", length("99999999999999999999")),
                row("a length one beyond a long", length("9223372036854775808")),
                row("a length that overflows to 4", length("18446744073709551620")),
                row("the same list and another length", OK + "Content-Length: 4, 4\r\nContent-Length: 5\r\n\r\nabcd"),
                row("the same length twice in chunks", coding("Transfer-Encoding: chunked\r\nContent-Length: 4, 4")),
                row("two lengths", OK + "Content-Length: 4\r\ncontent-length: 5\r\n\r\nabcd"),
                // Transfer-Encoding
                row("both framings", coding("Transfer-Encoding: chunked\r\nContent-Length: 4")),
                row("both framings, the other way around", coding("Content-Length: 4\r\nTransfer-Encoding: chunked")),
                row("gzip", coding("Transfer-Encoding: gzip")),
                row("gzip and chunked", coding("Transfer-Encoding: gzip, chunked")),
                row("chunked twice", coding("Transfer-Encoding: chunked, chunked")),
                row("chunked in two fields", coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
                row("identity", coding("Transfer-Encoding: identity")),
                row("nothing", coding("Transfer-Encoding: ")),
                row("almost chunked", coding("Transfer-Encoding: xchunked")),
                row("chunked with a parameter", coding("Transfer-Encoding: chunked;q=1")),
                row("chunked in quotes", coding("Transfer-Encoding: \"chunked\"")));
    }

    private static Stream<Named<String>> chunks() {
        return Stream.of(
                row("no digit", CHUNKED + "\r\nabcd\r\n0\r\n\r\n"),
                row("no hexadecimal digit", CHUNKED + "g\r\nabcd\r\n0\r\n\r\n"),
                row("a sign", CHUNKED + "+4\r\nabcd\r\n0\r\n\r\n"),
                row("a negative size", CHUNKED + "-4\r\nabcd\r\n0\r\n\r\n"),
                row("a prefix", CHUNKED + "0x4\r\nabcd\r\n0\r\n\r\n"),
                row("a space before the size", CHUNKED + " 4\r\nabcd\r\n0\r\n\r\n"),
                row("two sizes", CHUNKED + "4 4\r\nabcd\r\n0\r\n\r\n"),
                row("an extension without semicolon", CHUNKED + "4 a=b\r\nabcd\r\n0\r\n\r\n"),
                row("17 digits", CHUNKED + "00000000000000004\r\nabcd\r\n0\r\n\r\n"),
                row("a size that is negative as a long", CHUNKED + "ffffffffffffffff\r\nabcd\r\n0\r\n\r\n"),
                row("the largest size", CHUNKED + "7fffffffffffffff\r\nabcd\r\n0\r\n\r\n"),
                row("a bare LF after the size", CHUNKED + "4\nabcd\r\n0\r\n\r\n"),
                row("a bare CR after the size", CHUNKED + "4\rabcd\r\n0\r\n\r\n"),
                row("NUL in an extension", CHUNKED + "4;a=\0\r\nabcd\r\n0\r\n\r\n"),
                row("a bare LF in an extension", CHUNKED + "4;a=\nb\r\nabcd\r\n0\r\n\r\n"),
                row("an extension of 100 KB", CHUNKED + "4;a=" + "b".repeat(100_000) + "\r\nabcd\r\n0\r\n\r\n"),
                row("longer than its size", CHUNKED + "3\r\nabcd\r\n0\r\n\r\n"),
                row("a bare LF after the chunk", CHUNKED + "4\r\nabcd\n0\r\n\r\n"),
                row("nothing after the chunk", CHUNKED + "4\r\nabcd0\r\n\r\n"),
                row("a bare LF after the last chunk", CHUNKED + "4\r\nabcd\r\n0\n\r\n"),
                row("a bare LF after the trailers", CHUNKED + "4\r\nabcd\r\n0\r\nA: b\r\n\n"),
                row("trailers without end", CHUNKED + "4\r\nabcd\r\n0\r\n" + "A: b\r\n".repeat(100_000)),
                row("a trailer of 1 MB", CHUNKED + "4\r\nabcd\r\n0\r\nA: " + "b".repeat(1_000_000)));
    }

    private static Stream<Named<String>> bombs() {
        return Stream.of(
                row("a reason without end", "HTTP/1.1 200 " + "O".repeat(1_000_000)),
                row("a name without end", OK + "A".repeat(1_000_000)),
                row("a value without end", OK + "A: " + "b".repeat(1_000_000)),
                row("fields without end", OK + "A: b\r\n".repeat(100_000)),
                row("the smallest fields without end", OK + "A:\r\n".repeat(200_000)),
                row("endless interim responses", "HTTP/1.1 102 Processing\r\n\r\n".repeat(50_000)),
                row(
                        "long interim responses",
                        ("HTTP/1.1 103 Early Hints\r\nLink: " + "a".repeat(60_000) + "\r\n\r\n").repeat(200)));
    }

    /** Returns all cases over plain HTTP, and some of each kind over TLS, where the parser is the same. */
    private static Stream<Arguments> rows() {
        Stream<Arguments> plain = Stream.of(heads(), framings(), chunks(), bombs())
                .flatMap(rows -> rows)
                .map(row -> Arguments.of(TestNetChannel.PLAIN, row));
        Stream<Arguments> secure = Arrays.stream(TestNetChannel.values())
                .filter(TestNetChannel::isSecure)
                .flatMap(channel -> Stream.concat(
                                Stream.of(heads(), framings(), chunks())
                                        .map(rows -> rows.findFirst().orElseThrow()),
                                bombs())
                        .map(row -> Arguments.of(channel, row)));
        return Stream.concat(plain, secure);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("rows")
    void aMalformedResponseIsRefusedAndItsConnectionClosed(TestNetChannel channel, String response) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            for (ResponseHandler handler :
                    new ResponseHandler[] {ResponseHandler.KEEP, Calls.into(ByteBuffer.allocateDirect(LENGTH))}) {
                server.then(Script.writing(response));

                TransportException failure = Calls.failure(client, Calls.get(server), handler);

                assertThat(failure).as("accepted").isNotNull();
                assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.PROTOCOL);
                assertThat(failure.getMessage())
                        .doesNotContain("\r", "\n", "\0")
                        .hasSizeLessThan(500);
                server.awaitOpen(0);
            }
            HttpResponse next = Calls.execute(client, Calls.get(server));
            assertThat(next.body().bytes()).asString().isEqualTo("next");
            assertThat(server.accepted()).isEqualTo(3);
        }
    }

    /** A malformed head of an error response is as dangerous as any other. */
    @ParameterizedTest
    @EnumSource
    void errorResponsesAreParsedAsStrictly(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.writing(
                        "HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"))) {
            assertThat(Calls.failure(client, Calls.get(server)).kind()).isEqualTo(Kind.PROTOCOL);
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyForATargetNeedsALength(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\n\r\nabcd");
                    exchange.close();
                })) {
            TransportException failure =
                    Calls.failure(client, Calls.get(server), Calls.into(ByteBuffer.allocateDirect(LENGTH)));

            assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHeadOf60KilobytesIsAccepted(TestNetChannel channel) throws Exception {
        String value = "v".repeat(60_000);
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "ok", "X-Long: " + value))) {
            HttpResponse response = Calls.execute(client, Calls.get(server));

            assertThat(response.header("x-long")).contains(value);
            Calls.execute(client, Calls.get(server));
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    // ---- bytes that were not requested

    @ParameterizedTest
    @EnumSource
    void aBodyLongerThanItsLengthEndsTheConnection(TestNetChannel channel) throws Exception {
        String injected = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            server.then(
                    Script.writing(OK + "Content-Length: 4\r\n\r\nabcd" + injected),
                    Script.writing(CHUNKED + "4\r\nabcd\r\n0\r\n\r\n" + injected),
                    Script.writing("HTTP/1.1 204 No Content\r\n\r\n" + injected));
            for (int i = 0; i < 2; i++) {
                ByteBuffer target = ByteBuffer.allocateDirect(LENGTH);
                client.newCall(Calls.get(server)).execute(Calls.into(target));
                assertThat(Calls.bytes(target)).asString().isEqualTo("abcd");
            }
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(204);

            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo("next");
            assertThat(server.accepted()).isEqualTo(4);
            server.awaitOpen(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResponseOnAnIdleConnectionIsDiscarded(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            CountDownLatch idle = new CountDownLatch(1);
            CountDownLatch injected = new CountDownLatch(1);
            server.then(exchange -> {
                exchange.respond(200, "abcd");
                idle.await();
                exchange.respond(200, "evil");
                injected.countDown();
            });
            Calls.execute(client, Calls.get(server));
            idle.countDown();
            injected.await();

            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo("next");
            assertThat(server.accepted()).isEqualTo(2);
        }
    }

    // ---- targets that do not fit

    @ParameterizedTest
    @EnumSource
    void aBodyThatDoesNotFitItsTargetIsRefused(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            for (int size : new int[] {0, 3, 5, 100_000}) {
                for (String response : new String[] {length("4"), CHUNKED + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"}) {
                    server.then(Script.writing(response));
                    ByteBuffer target = ByteBuffer.allocateDirect(size + 8);
                    TransportException failure = Calls.failure(
                            client,
                            Calls.get(server),
                            Calls.into(target.duplicate().limit(size)));

                    assertThat(failure).as("%d bytes for %s", size, response).isNotNull();
                    assertThat(failure.kind()).isEqualTo(Kind.PROTOCOL);
                    assertThat(target.getLong(size))
                            .as("written beyond the target")
                            .isZero();
                    server.awaitOpen(0);
                }
            }
        }
    }
}
