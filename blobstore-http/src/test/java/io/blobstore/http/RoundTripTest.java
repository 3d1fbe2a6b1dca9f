package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.contract.LeakCheck;
import io.blobstore.contract.PiecesWindow;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests valid requests and responses: every kind of memory, every framing, over every channel. */
@ExtendWith(LeakCheck.class)
class RoundTripTest {
    /** Sizes around those of TLS records, and of common buffers. */
    private static final int[] SIZES = {
        0, 1, 2, 4095, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 131_072, 262_145, (1 << 20) + 7
    };

    @TempDir
    private Path directory;

    @Test
    void aHostMayBeAnAddressOfIpv6() throws Exception {
        ScriptedServer server;
        try {
            server = ScriptedServer.plain(InetAddress.getByName("::1"), Script.responding(200, "ok"));
        } catch (IOException e) {
            Assumptions.abort("this machine has no IPv6");
            return;
        }
        try (server;
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            assertThat(Calls.execute(client, Calls.put(server, Calls.content(100_000)))
                            .status())
                    .isEqualTo(200);
            assertThat(server.requests().get(0).header("Host"))
                    .contains("[0:0:0:0:0:0:0:1]:" + server.endpoint().port());
        }
    }

    // ---- sending

    /** Creates sources, and closes the files of mapped ones. */
    private final class Sources implements AutoCloseable {
        private final List<MappedFile> files = new ArrayList<>();

        BlobSource of(String kind, byte[] content) throws IOException {
            return switch (kind) {
                case "heap" -> BlobSource.of(ByteBuffer.wrap(content));
                case "direct" -> BlobSource.of(Calls.direct(content));
                case "mapped" -> map(content).region();
                case "path" -> BlobSource.ofPath(Files.write(file(), content));
                case "slices" -> slices(content);
                default -> throw new IllegalArgumentException(kind);
            };
        }

        /** Returns a source of many buffers of all kinds, more than one gathering write accepts, some of them empty. */
        private BlobSource slices(byte[] content) throws IOException {
            List<BlobSource> sources = new ArrayList<>();
            BlobSource mapped = map(content).region();
            Random random = new Random(content.length);
            for (int at = 0; at < content.length; ) {
                int length = Math.min(content.length - at, random.nextInt(1 + content.length / 700));
                sources.add(
                        switch (random.nextInt(3)) {
                            case 0 -> BlobSource.of(ByteBuffer.wrap(content, at, length));
                            case 1 -> BlobSource.of(Calls.direct(Arrays.copyOfRange(content, at, at + length)));
                            default -> mapped.slice(at, length);
                        });
                at += length;
                if (content.length < 700 && length == 0) {
                    sources.add(mapped.slice(at, content.length - at));
                    break;
                }
            }
            return BlobSource.concat(sources);
        }

        private MappedFile map(byte[] content) throws IOException {
            MappedFile file = MappedFile.open(Files.write(file(), content));
            files.add(file);
            return file;
        }

        private Path file() throws IOException {
            return Files.createTempFile(directory, "source", "");
        }

        @Override
        public void close() {
            files.forEach(MappedFile::close);
            assertThat(files).as("unmapped").allMatch(MappedFile::isReleased);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodiesOfAnySizeFromAnyMemoryArriveUnchanged(TestNetChannel channel) throws Exception {
        List<String> kinds = List.of("heap", "direct", "mapped", "path", "slices");
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "stored"));
                Sources sources = new Sources()) {
            for (String kind : kinds) {
                for (int size : SIZES) {
                    byte[] content = Calls.content(size);

                    HttpResponse response = Calls.execute(client, Calls.put(server, sources.of(kind, content)));

                    assertThat(response.status()).isEqualTo(200);
                    assertThat(new String(response.body().bytes(), java.nio.charset.StandardCharsets.US_ASCII))
                            .isEqualTo("stored");
                    ScriptedExchange received =
                            server.requests().get(server.requests().size() - 1);
                    assertThat(received.header("Content-Length")).contains("" + size);
                    assertThat(received.bodyReceived()).isEqualTo(size);
                    assertThat(received.bodyChecksum())
                            .as(kind + ", " + size)
                            .isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
                }
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theRequestIsSentAsTheCallerCreatedIt(TestNetChannel channel) throws Exception {
        HttpHeaders headers = HttpHeaders.builder()
                .add("Authorization", "secret")
                .add("x-amz-meta-a", "1")
                .add("x-amz-meta-a", "2")
                .add("X-Empty", "")
                .build();
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, ""))) {
            Calls.execute(client, HttpRequest.of("DELETE", server.endpoint(), "/a%20b/c?d=e&f", headers));

            ScriptedExchange received = server.awaitRequest(1);
            assertThat(received.method()).isEqualTo("DELETE");
            assertThat(received.target()).isEqualTo("/a%20b/c?d=e&f");
            assertThat(received.header("Host")).contains(server.endpoint().authority());
            assertThat(received.header("Authorization")).contains("secret");
            assertThat(received.headers().all("x-amz-meta-a")).containsExactly("1", "2");
            assertThat(received.header("X-Empty")).contains("");
            assertThat(received.bodyLength()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"PUT, 0", "POST, 0", "PATCH, 0", "GET, none", "HEAD, none", "DELETE, none"})
    void aRequestThatMayHaveABodySaysThatItHasNone(String method, String length) throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                HttpClient client = TestNetChannel.PLAIN.client().build()) {
            Calls.execute(client, HttpRequest.of(method, server.endpoint(), "/blob", HttpHeaders.EMPTY));

            assertThat(server.requests().get(0).header("Content-Length").orElse("none"))
                    .isEqualTo(length);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHostFieldOfTheCallerIsKept(TestNetChannel channel) throws Exception {
        HttpHeaders headers =
                HttpHeaders.builder().add("host", "bucket.example").build();
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, ""))) {
            Calls.execute(client, HttpRequest.of("GET", server.endpoint(), "/", headers));

            assertThat(server.awaitRequest(1).headers().all("Host")).containsExactly("bucket.example");
        }
    }

    // ---- receiving

    /**
     * Returns a script that sends the content: in one piece, or in chunks of all sizes with extensions and a trailer.
     */
    private static Script sending(byte[] content, boolean chunked) {
        return exchange -> {
            if (!chunked) {
                exchange.respond(200, content);
                return;
            }
            exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            Random random = new Random(content.length);
            for (int at = 0; at < content.length; ) {
                int length = Math.min(content.length - at, 1 + random.nextInt(random.nextBoolean() ? 100 : 200_000));
                exchange.write(Integer.toHexString(length) + (random.nextBoolean() ? ";name=value" : "") + "\r\n");
                exchange.output().write(content, at, length);
                exchange.write("\r\n");
                at += length;
            }
            exchange.write("0\r\nX-Trailer: value\r\n\r\n");
        };
    }

    private static final class RecordingHandler implements ResponseHandler {
        private final Body target;
        private final AtomicInteger calls = new AtomicInteger();
        private Crc32c checksum = Crc32c.EMPTY;
        private long received;

        RecordingHandler(Body target) {
            this.target = target;
        }

        @Override
        public Optional<Body> target(int status, HttpHeaders headers) {
            calls.incrementAndGet();
            return Optional.of(target);
        }

        @Override
        public void received(ByteBuffer bytes) {
            int length = bytes.remaining();
            checksum = checksum.combine(Crc32c.of(bytes), length);
            received += length;
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodiesOfAnySizeFillAnyMemory(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(500, "unexpected"))) {
            for (String kind : List.of("heap", "direct", "mapped")) {
                for (boolean chunked : new boolean[] {false, true}) {
                    for (int size : SIZES) {
                        byte[] content = Calls.content(size);
                        server.then(sending(content, chunked));
                        receive(client, server, kind, content);
                    }
                }
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void bodiesOfAnySizeAreReceivedInPieces(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(500, "unexpected"))) {
            for (int pieceSize : new int[] {7, 999, 100_003}) { // parts of TLS records and of their overhead
                for (boolean chunked : new boolean[] {false, true}) {
                    for (int size : SIZES) {
                        if (size > 30_000 * pieceSize) {
                            continue; // as many pieces take long, and meet nothing that fewer do not
                        }
                        byte[] content = Calls.content(size);
                        server.then(sending(content, chunked));
                        PiecesWindow window = new PiecesWindow(size + 10, pieceSize);
                        receive(client, server, new ResponseHandler.Body(size, window), content);
                        assertThat(window.remaining()).isEqualTo(10);
                        assertThat(Arrays.mismatch(window.bytes(), content)).isEqualTo(-1);
                    }
                }
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    /** Receives into the middle of a larger buffer, whose other bytes must not change. */
    private void receive(HttpClient client, ScriptedServer server, String kind, byte[] content) throws IOException {
        int margin = 3;
        int size = content.length + 2 * margin;
        if (kind.equals("mapped")) {
            Path path = directory.resolve("target");
            try (MappedFile file = MappedFile.create(path, size);
                    Lease lease = file.region().acquireWritable()) {
                receive(client, server, lease.buffers().get(0), margin, content);
            }
            Files.delete(path);
        } else {
            ByteBuffer whole = kind.equals("heap") ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
            receive(client, server, whole, margin, content);
        }
    }

    private static void receive(HttpClient client, ScriptedServer server, ByteBuffer whole, int margin, byte[] content)
            throws IOException {
        receive(client, server, Calls.body(whole.duplicate().position(margin).limit(margin + content.length)), content);

        byte[] expected = new byte[content.length + 2 * margin];
        System.arraycopy(content, 0, expected, margin, content.length);
        assertThat(Crc32c.of(whole.duplicate().clear())).isEqualTo(Crc32c.of(ByteBuffer.wrap(expected)));
    }

    private static void receive(HttpClient client, ScriptedServer server, ResponseHandler.Body target, byte[] content)
            throws IOException {
        RecordingHandler handler = new RecordingHandler(target);

        HttpResponse response = client.newCall(Calls.get(server)).execute(handler);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.received()).isEqualTo(content.length);
        assertThat(response.body().bytes()).isEmpty();
        assertThat(handler.calls).hasValue(1);
        assertThat(handler.received).isEqualTo(content.length);
        assertThat(handler.checksum).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
    }

    @ParameterizedTest
    @EnumSource
    void aResponseMayArriveInPiecesOfOneByte(TestNetChannel channel) throws Exception {
        String response = "HTTP/1.1 100 Continue\r\n\r\n"
                + "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag:\t \"a\" \t\r\n\r\n"
                + "4\r\nabcd\r\n3;x=\"y\"\r\nefg\r\n0\r\nA: b\r\n\r\n";
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(exchange -> {
                    for (int i = 0; i < response.length(); i++) {
                        exchange.write(response.substring(i, i + 1));
                    }
                })) {
            for (int i = 0; i < 2; i++) {
                HttpResponse kept = Calls.execute(client, Calls.get(server));
                assertThat(kept.body().bytes()).asString().isEqualTo("abcdefg");
                assertThat(kept.header("ETag")).contains("\"a\"");
                assertThat(kept.header("A")).as("a trailer is no header").isEmpty();

                ByteBuffer target = ByteBuffer.allocateDirect(7);
                client.newCall(Calls.get(server)).execute(Calls.into(target));
                assertThat(Calls.bytes(target)).asString().isEqualTo("abcdefg");
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyWithoutTargetIsKeptHoweverItEnds(TestNetChannel channel) throws Exception {
        byte[] content = Calls.content(100_000);
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(sending(content, false))) {
            server.then(sending(content, false), sending(content, true), exchange -> {
                exchange.write("HTTP/1.1 200 OK\r\n\r\n");
                exchange.output().write(content);
                exchange.close();
            });
            for (int i = 0; i < 4; i++) {
                HttpResponse response = Calls.execute(client, Calls.get(server));

                assertThat(response.body().bytes()).isEqualTo(content);
                assertThat(response.received()).isZero();
            }
            assertThat(server.accepted()).isEqualTo(2);
        }
    }

    /** RFC 9112, section 6.3; some proxies add a second field. */
    @ParameterizedTest
    @EnumSource
    void aLengthThatIsRepeatedIsOneLength(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            for (String lengths : new String[] {
                "Content-Length: 4\r\nA: b\r\ncontent-length: 4",
                "Content-Length: 4, 4",
                "Content-Length: 4 ,4\r\nContent-Length:4"
            }) {
                for (int status : new int[] {200, 404}) {
                    server.then(Script.writing("HTTP/1.1 " + status + " X\r\n" + lengths + "\r\n\r\nabcd"));

                    HttpResponse response = Calls.execute(client, Calls.get(server));

                    assertThat(response.body().bytes()).asString().isEqualTo("abcd");
                    assertThat(response.headers().all("Content-Length")).containsExactly("4");
                }
            }
            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo("next");
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatIsTooLargeToKeepIsRefused(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            for (ResponseHandler handler : new ResponseHandler[] {ResponseHandler.KEEP, ResponseHandler.KEEP_SMALL}) {
                int max = handler.maxKept();
                server.then(
                        exchange -> exchange.respond(200, new byte[max]),
                        exchange -> exchange.respondHead(200, max + 1L),
                        exchange -> {
                            exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                            exchange.write(Integer.toHexString(max) + "\r\n");
                            exchange.output().write(new byte[max]);
                            exchange.write("\r\n1\r\na\r\n");
                        });
                assertThat(client.newCall(Calls.get(server))
                                .execute(handler)
                                .body()
                                .bytes())
                        .hasSize(max);
                for (int i = 0; i < 2; i++) {
                    TransportException failure = Calls.failure(client, Calls.get(server), handler);

                    assertThat(failure.kind()).isEqualTo(TransportException.Kind.PROTOCOL);
                    server.awaitOpen(0);
                }
            }
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
        }
    }

    // ---- errors, and responses without body

    @ParameterizedTest
    @EnumSource
    void theBodyOfAnErrorIsKeptForTheError(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(404, "<Error>NoSuchKey</Error>", "x-id: 1"))) {
            RecordingHandler handler = new RecordingHandler(Calls.body(ByteBuffer.allocateDirect(5)));
            HttpResponse response = client.newCall(Calls.get(server)).execute(handler);

            assertThat(response.status()).isEqualTo(404);
            assertThat(response.isSuccess()).isFalse();
            assertThat(response.body().bytes()).asString().isEqualTo("<Error>NoSuchKey</Error>");
            assertThat(response.header("X-Id")).contains("1");
            assertThat(response.received()).isZero();
            assertThat(handler.calls).as("only success goes to the target").hasValue(0);

            Calls.execute(client, Calls.get(server));
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheBeginningOfALongErrorBodyIsRead(TestNetChannel channel) throws Exception {
        byte[] content = Calls.content(32 << 20);
        AtomicLong sent = new AtomicLong();
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            server.then(exchange -> {
                exchange.respondHead(500, content.length);
                for (int at = 0; at < content.length; at += 64 << 10) {
                    exchange.output().write(content, at, 64 << 10);
                    sent.addAndGet(64 << 10);
                }
            });
            HttpResponse response = Calls.execute(client, Calls.get(server));

            assertThat(response.status()).isEqualTo(500);
            assertThat(response.body().bytes()).isEqualTo(Arrays.copyOf(content, 64 << 10));
            server.awaitOpen(0);
            assertThat(sent.get()).isLessThan(content.length);
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void responsesWithoutBodyMayHaveALength(TestNetChannel channel) throws Exception {
        try (HttpClient client = channel.client().build();
                ScriptedServer server = channel.server(Script.responding(200, "next"))) {
            server.then(
                    exchange -> exchange.respondHead(200, 12_345, "ETag: \"a\""),
                    Script.writing("HTTP/1.1 204 No Content\r\n\r\n"),
                    exchange -> exchange.respondHead(304, 12_345),
                    Script.writing("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"),
                    Script.writing("HTTP/1.1 200 OK\r\n\r\n"));

            HttpResponse head = Calls.execute(client, head(server));
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("Content-Length")).contains("12345");
            assertThat(head.header("ETag")).contains("\"a\"");
            assertThat(head.body().bytes()).isEmpty();
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(204);
            assertThat(Calls.execute(client, Calls.get(server)).status()).isEqualTo(304);
            assertThat(Calls.execute(client, head(server)).status()).isEqualTo(404);
            assertThat(Calls.execute(client, head(server)).status()).isEqualTo(200);
            assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                    .asString()
                    .isEqualTo("next");
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    private static HttpRequest head(ScriptedServer server) {
        return HttpRequest.of("HEAD", server.endpoint(), "/blob", HttpHeaders.EMPTY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", // the reason is optional, its space is not
                "HTTP/1.1 200 Sehr gut \u00e4\r\ncontent-length:2\r\n\r\nok",
                "HTTP/1.1 206 Partial Content\r\nContent-Length: 0002\r\nX-Empty:\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000002\r\nok\r\n000\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;a;b=c\r\nk\r\n0;d\r\n\r\n",
            })
    void unusualButValidResponsesAreAccepted(String response) throws Exception {
        try (HttpClient client = TestNetChannel.PLAIN.client().build();
                ScriptedServer server = TestNetChannel.PLAIN.server(Script.writing(response))) {
            for (int i = 0; i < 2; i++) {
                assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                        .asString()
                        .isEqualTo("ok");
            }
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    // ---- Expect: 100-continue

    private static HttpRequest expecting(ScriptedServer server, byte[] content) {
        return new HttpRequest(
                "PUT",
                server.endpoint(),
                "/blob",
                HttpHeaders.EMPTY,
                Optional.of(BlobSource.of(Calls.direct(content))),
                true);
    }

    @ParameterizedTest
    @EnumSource
    void theBodyIsSentAfter100Continue(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        byte[] content = Calls.content(1 << 20);
        AtomicInteger early = new AtomicInteger(-1);
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    assertThat(exchange.header("Expect")).contains("100-continue");
                    early.set(exchange.available());
                    exchange.write("HTTP/1.1 100 Continue\r\n\r\n");
                    exchange.discardBody();
                    exchange.respond(200, "");
                })) {
            assertThat(Calls.execute(client, expecting(server, content)).status())
                    .isEqualTo(200);
            assertThat(early).hasValue(0);
            assertThat(server.requests().get(0).bodyChecksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
            Calls.execute(client, expecting(server, content));
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatDoesNotSend100ContinueReceivesTheBodyNevertheless(TestNetChannel channel) throws Exception {
        ManualClock clock = new ManualClock();
        byte[] content = Calls.content(1 << 20);
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    clock.awaitWaiting();
                    clock.advance(Duration.ofSeconds(1));
                    exchange.discardBody();
                    exchange.respond(200, "");
                })) {
            assertThat(Calls.execute(client, expecting(server, content)).status())
                    .isEqualTo(200);
            assertThat(server.requests().get(0).bodyChecksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(content)));
        }
    }

    @ParameterizedTest
    @CsvSource({"PLAIN, 417", "PLAIN, 403", "PLAIN, 307", "TLS_JDK, 403", "TLS_OPENSSL, 403", "TLS_CONSCRYPT, 403"})
    void aServerThatRefusesReceivesNoBody(TestNetChannel channel, int status) throws Exception {
        ManualClock clock = new ManualClock();
        AtomicLong sent = new AtomicLong(-1);
        try (HttpClient client = channel.client().clock(clock).build();
                ScriptedServer server = channel.server(exchange -> {
                    exchange.respond(status, "no");
                    sent.set(exchange.awaitClientGone());
                })) {
            HttpResponse response = Calls.execute(client, expecting(server, Calls.content(1 << 20)));

            assertThat(response.status()).isEqualTo(status);
            assertThat(response.body().bytes()).asString().isEqualTo("no");
            server.awaitOpen(0);
            assertThat(sent).hasValue(0);
        }
    }

    // ---- Connection: close

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: keep-alive, Close\\r\\n\\r\\nok",
                "HTTP/1.0 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok",
            })
    void aConnectionThatTheServerClosesIsNotReused(String response) throws Exception {
        String raw = response.replace("\\r", "\r").replace("\\n", "\n");
        try (HttpClient client = TestNetChannel.PLAIN.client().build();
                ScriptedServer server = TestNetChannel.PLAIN.server(Script.writing(raw))) {
            for (int i = 1; i <= 3; i++) {
                assertThat(Calls.execute(client, Calls.get(server)).body().bytes())
                        .asString()
                        .isEqualTo("ok");
                server.awaitOpen(0);
                assertThat(server.accepted()).isEqualTo(i);
            }
        }
    }
}
