package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.github.luben.zstd.Zstd;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority.Identity;
import io.blobstore.server.HttpRemote.ClientCertificate;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A server whose remote cache is another one. */
@ExtendWith(LeakCheck.class)
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class HttpRemoteTest {
    private static final int MIB = ServerFixture.MIB;

    @TempDir
    Path directory;

    private static HttpRemote remote(URI uri) {
        return HttpRemote.of(uri);
    }

    private static URI uri(ServerFixture server) {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    private ServerFixture front(String name, HttpRemote remote) throws IOException {
        return front(name, remote, options -> options);
    }

    private ServerFixture front(String name, HttpRemote remote, UnaryOperator<RemoteOptions.Builder> settings)
            throws IOException {
        RemoteOptions options = settings.apply(RemoteOptions.builder(remote)).build();
        return ServerFixture.start(directory.resolve(name), builder -> builder.remote(options));
    }

    private void put(ServerFixture server, Content... contents) throws IOException {
        try (RawClient client = server.connect()) {
            for (Content content : contents) {
                assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            }
        }
    }

    /** Requires the same bytes; a failure does not show them. */
    private static Consumer<byte[]> same(Content content) {
        return body -> assertThat(Arrays.mismatch(body, content.bytes()))
                .as("first wrong byte of " + content.bytes().length + "; got " + body.length + " bytes")
                .isEqualTo(-1);
    }

    private static Response get(ServerFixture server, Content content) throws IOException {
        try (RawClient client = server.connect()) {
            return client.get(content.path());
        }
    }

    @Test
    void whatOneIsGivenArrivesInTheOtherAndTheNextFillsFromItAsZstdOnTheWire() throws IOException {
        Content large = ServerFixture.text(1, 9 * MIB + 7);
        Content incompressible = ServerFixture.random(2, 3 * MIB);
        Content small = ServerFixture.text(3, 100_000);
        Content record = ServerFixture.text(4, 1000);
        try (ServerFixture back = ServerFixture.start(directory.resolve("back"));
                Relay relay = new Relay(back.address())) {
            HttpRemote remote = remote(relay.uri().resolve("/some/prefix/"));
            try (ServerFixture first = front("first", remote)) {
                put(first, large, incompressible, small);
                try (RawClient client = first.connect()) {
                    assertThat(client.put("/ac/" + record.hash(), record.bytes())
                                    .status())
                            .isEqualTo(200);
                }
                first.server.close(); // waits for the uploads
            }
            long plain = large.bytes().length + small.bytes().length;
            assertThat(relay.takeToServer())
                    .as("bytes of the uploads")
                    .isBetween((long) incompressible.bytes().length, incompressible.bytes().length + plain / 2);
            for (Content content : List.of(large, incompressible, small)) {
                assertThat(get(back, content).body()).satisfies(same(content));
            }
            relay.takeToClient();
            try (ServerFixture second = front("second", remote, RemoteOptions.Builder::readOnly);
                    RawClient client = second.connect()) {
                assertThat(client.headOf(large.path()).field("content-length"))
                        .isEqualTo(Integer.toString(large.bytes().length));
                assertThat(relay.takeToClient()).as("bytes of the head").isLessThan(2000);
                assertThat(client.get(small.path()).body()).satisfies(same(small));
                assertThat(relay.takeToClient()).as("bytes of a small one").isLessThan(small.bytes().length / 2);
                assertThat(client.get(large.path()).body()).satisfies(same(large));
                // The first response is given up when it turns out to be large; the relay may have all of it by then.
                assertThat(relay.takeToClient()).as("bytes of a large one").isLessThan(large.bytes().length);
                assertThat(client.get(incompressible.path()).body()).satisfies(same(incompressible));
                assertThat(client.get("/ac/" + record.hash()).body()).isEqualTo(record.bytes());
                assertThat(client.get(ServerFixture.text(5, 5).path()).status()).isEqualTo(404);
                assertThat(client.get("/metrics").text())
                        .contains("blobstore_remote_hits_total 5", "blobstore_remote_failures_total 0");
                relay.takeToClient();
                assertThat(client.get(large.path()).body()).satisfies(same(large));
                assertThat(relay.takeToClient()).as("served from the disk").isZero();
            }
        }
    }

    /** Answers HEAD rightly, and GET by a script. */
    private static Script content(Content content, Script get) {
        return exchange -> {
            if (exchange.method().equals("HEAD")) {
                exchange.respondHead(200, content.bytes().length);
            } else {
                get.run(exchange);
            }
        };
    }

    private static void chunked(ScriptedExchange exchange, byte[] body, String... fields) throws IOException {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
        for (String field : fields) {
            exchange.write(field + "\r\n");
        }
        exchange.write("\r\n" + Integer.toHexString(body.length) + "\r\n");
        exchange.output().write(body);
        exchange.write("\r\n0\r\n\r\n");
    }

    @Test
    void validAnswersOfEveryShapeAreTaken() throws Exception {
        for (Content content : List.of(ServerFixture.text(1, 1000), ServerFixture.text(2, 2 * MIB))) {
            byte[] frames = Zstd.compress(content.bytes());
            String zstd = "Content-Encoding: zstd";
            String size = "X-Digest-SizeBytes: " + content.bytes().length;
            List<Script> answers = List.of(
                    exchange -> exchange.respond(200, content.bytes()),
                    exchange -> exchange.respond(200, content.bytes(), "Content-Encoding: identity"),
                    exchange -> chunked(exchange, content.bytes()),
                    exchange -> exchange.respond(200, frames, zstd),
                    exchange -> exchange.respond(200, frames, "Content-Encoding: ZSTD", size),
                    exchange -> chunked(exchange, frames, zstd));
            for (int i = 0; i < answers.size(); i++) {
                try (ScriptedServer other = ScriptedServer.plain(content(content, answers.get(i)));
                        ServerFixture server = front(
                                "server" + content.bytes().length + i,
                                remote(URI.create(other.endpoint().toString())))) {
                    assertThat(get(server, content).body()).as("%d", i).satisfies(same(content));
                    assertThat(other.requests())
                            .filteredOn(request -> request.method().equals("GET"))
                            .allMatch(
                                    request -> request.header("Accept-Encoding").equals(Optional.of("zstd")));
                }
            }
        }
    }

    @Test
    void wrongAnswersAreAMissAndNothingIsKept() throws Exception {
        // Each answer to one of the two: a large one for every other.
        requireMisses(ServerFixture.text(1, 1000), i -> i % 2 == 0);
        requireMisses(ServerFixture.text(2, 2 * MIB), i -> i % 2 == 1);
    }

    @Test
    @Campaign(representedBy = HttpRemoteTest.class)
    void wrongAnswersOfAnySizeAreAMiss() throws Exception {
        requireMisses(ServerFixture.text(1, 1000), i -> true);
        requireMisses(ServerFixture.text(2, 2 * MIB), i -> true);
    }

    private void requireMisses(Content content, IntPredicate chosen) throws Exception {
        byte[] frames = Zstd.compress(content.bytes());
        byte[] flipped = content.bytes().clone();
        flipped[flipped.length / 2] ^= 1;
        byte[] flippedFrames = frames.clone();
        flippedFrames[frames.length / 2] ^= 1;
        byte[] cut = Arrays.copyOf(content.bytes(), content.bytes().length - 1);
        byte[] cutFrames = Arrays.copyOf(frames, frames.length - 1);
        byte[] longer = Zstd.compress(Arrays.copyOf(content.bytes(), content.bytes().length + 1));
        byte[] bomb = Zstd.compress(new byte[64 * MIB]);
        String zstd = "Content-Encoding: zstd";
        List<Script> answers = new ArrayList<>(List.of(
                exchange -> exchange.respond(200, flipped),
                exchange -> exchange.respond(200, flippedFrames, zstd),
                exchange -> exchange.respond(200, Zstd.compress(flipped), zstd),
                exchange -> exchange.respond(200, cut),
                exchange -> exchange.respond(200, cutFrames, zstd),
                exchange -> exchange.respond(200, longer, zstd),
                exchange -> exchange.respond(200, bomb, zstd),
                exchange -> exchange.respond(200, content.bytes(), zstd),
                exchange -> exchange.respond(200, frames),
                exchange -> exchange.respond(200, content.bytes(), "Content-Encoding: gzip"),
                exchange -> exchange.respond(200, frames, zstd, "X-Digest-SizeBytes: 7"),
                exchange -> exchange.respond(206, content.bytes(), "Content-Range: bytes 0-9/10"),
                exchange -> exchange.respond(204, ""),
                exchange -> exchange.respond(302, "", "Location: http://127.0.0.1:1/elsewhere"),
                exchange -> exchange.respond(401, "who are you"),
                exchange -> exchange.respond(403, "no"),
                exchange -> {
                    exchange.write("HTTP/1.1 200 OK\r\nContent-Length: " + content.bytes().length + "\r\n\r\nshort");
                    exchange.close();
                },
                exchange -> exchange.write("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")));
        answers.add(exchange -> endless(exchange, zstd));
        answers.add(exchange -> endless(exchange, "X-Other: 1"));
        for (int i = 0; i < answers.size(); i++) {
            if (!chosen.test(i)) {
                continue;
            }
            try (ScriptedServer other = ScriptedServer.plain(content(content, answers.get(i)));
                    ServerFixture server = front(
                            "server" + content.bytes().length + i,
                            remote(URI.create(other.endpoint().toString())),
                            RemoteOptions.Builder::readOnly)) {
                assertThat(get(server, content).status()).as("%d", i).isEqualTo(404);
                assertThat(server.cache.stats().entries()).as("%d", i).isZero();
            }
        }
    }

    /** Sends empty skippable frames until the client has gone. */
    private static void endless(ScriptedExchange exchange, String field) throws IOException {
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + field + "\r\n\r\n");
        byte[] frame = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
        byte[] many = new byte[8 << 10];
        for (int i = 0; i < many.length; i++) {
            many[i] = frame[i % frame.length];
        }
        while (true) {
            exchange.write(Integer.toHexString(many.length) + "\r\n");
            exchange.output().write(many);
            exchange.write("\r\n");
        }
    }

    @Test
    void aBusyCacheIsAskedAgainAndABrokenDownloadGoesOnWhereItEnded() throws Exception {
        Content content = ServerFixture.random(1, 6 * MIB);
        Content small = ServerFixture.text(2, 100);
        int half = content.bytes().length / 2;
        try (ScriptedServer other = ScriptedServer.plain(exchange -> exchange.respond(404, ""));
                ServerFixture server = front(
                        "server", remote(URI.create(other.endpoint().toString())), RemoteOptions.Builder::readOnly)) {
            other.then(
                    exchange -> exchange.respond(503, "", "Retry-After: 0"),
                    exchange -> exchange.respond(200, small.bytes()));
            assertThat(get(server, small).body()).satisfies(same(small));
            other.forgetRequests();
            other.then(
                    exchange -> exchange.respond(200, content.bytes()), // too large to be taken without its size
                    exchange -> exchange.respondHead(200, content.bytes().length),
                    exchange -> {
                        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: " + content.bytes().length + "\r\n\r\n");
                        exchange.output().write(content.bytes(), 0, half);
                        exchange.close();
                    },
                    exchange -> {
                        String range = exchange.header("Range").orElseThrow();
                        int from = Integer.parseInt(range.substring("bytes=".length(), range.indexOf('-')));
                        byte[] rest = Arrays.copyOfRange(content.bytes(), from, content.bytes().length);
                        exchange.respond(
                                206,
                                rest,
                                "Content-Range: bytes " + from + "-" + (content.bytes().length - 1) + "/"
                                        + content.bytes().length);
                    },
                    exchange -> exchange.respondHead(200, content.bytes().length));
            assertThat(get(server, content).body()).satisfies(same(content));
            assertThat(other.requests())
                    .anyMatch(request -> request.header("Range").isPresent());
        }
    }

    @Test
    void aCacheThatIgnoresRangesSendsAllAndWhatIsThereIsDropped() throws Exception {
        Content content = ServerFixture.text(1, 6 * MIB);
        byte[] frames = Zstd.compress(content.bytes());
        try (ScriptedServer other = ScriptedServer.plain(exchange -> exchange.respond(404, ""));
                ServerFixture server = front(
                        "server", remote(URI.create(other.endpoint().toString())), RemoteOptions.Builder::readOnly)) {
            Script whole = exchange -> exchange.respond(200, frames, "Content-Encoding: zstd");
            other.then(
                    whole,
                    exchange -> exchange.respondHead(200, content.bytes().length),
                    exchange -> {
                        exchange.write("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: " + frames.length
                                + "\r\n\r\n");
                        exchange.output().write(frames, 0, frames.length - 100);
                        exchange.close();
                    },
                    whole,
                    exchange -> exchange.respondHead(200, content.bytes().length));
            assertThat(get(server, content).body()).satisfies(same(content));
        }
    }

    @Test
    void credentialsComeFromAFileAndAreShownNowhere() throws Exception {
        Content content = ServerFixture.text(1, 100_000);
        Path passwords = Files.writeString(
                directory.resolve("htpasswd"),
                "alice:" + BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, "secret".toCharArray()));
        try (ServerFixture back = ServerFixture.start(
                directory.resolve("back"), builder -> builder.auth(AuthOptions.htpasswd(passwords)))) {
            Path right = Files.writeString(directory.resolve("right"), "alice:secret\n");
            HttpRemote known = new HttpRemote(uri(back), Optional.of(right), Optional.empty(), Optional.empty());
            try (ServerFixture server = front("right-server", known)) {
                put(server, content);
                assertThat(server.server
                                + known.toString()
                                + RemoteOptions.builder(known).build())
                        .doesNotContain("secret");
                server.server.close();
            }
            try (ServerFixture second = front("second", known, RemoteOptions.Builder::readOnly)) {
                assertThat(get(second, content).body()).satisfies(same(content));
            }
            Path wrong = Files.writeString(directory.resolve("wrong"), "alice:guess");
            HttpRemote unknown = new HttpRemote(uri(back), Optional.of(wrong), Optional.empty(), Optional.empty());
            try (ServerFixture third = front("third", unknown, RemoteOptions.Builder::writeThrough)) {
                assertThat(get(third, content).status()).isEqualTo(404);
                try (RawClient client = third.connect()) {
                    assertThat(client.put(content.path(), content.bytes()).status())
                            .isEqualTo(503);
                }
            }
        }
        Path empty = Files.writeString(directory.resolve("empty"), "secret\n");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> front(
                        "none",
                        new HttpRemote(
                                URI.create("http://127.0.0.1:1"),
                                Optional.of(empty),
                                Optional.empty(),
                                Optional.empty())))
                .withMessageContaining("USER:PASSWORD")
                .withMessageNotContaining("secret");
    }

    @Test
    void certificatesOfBothSidesAreChecked() throws Exception {
        Content content = ServerFixture.text(1, 2 * MIB);
        Path authority = PemFiles.authority(directory.resolve("ca.pem"));
        TlsOptions tls = TlsOptions.mutual(
                PemFiles.certificates(directory.resolve("server.pem"), Identity.SERVER),
                PemFiles.key(directory.resolve("server.key"), Identity.SERVER),
                authority);
        ClientCertificate client = new ClientCertificate(
                PemFiles.certificates(directory.resolve("client.pem"), Identity.CLIENT),
                PemFiles.key(directory.resolve("client.key"), Identity.CLIENT));
        try (ServerFixture back = ServerFixture.start(directory.resolve("back"), builder -> builder.tls(tls))) {
            URI uri = URI.create("https://127.0.0.1:" + back.port());
            HttpRemote trusted = new HttpRemote(uri, Optional.empty(), Optional.of(authority), Optional.of(client));
            try (ServerFixture server = front("trusted", trusted, RemoteOptions.Builder::writeThrough)) {
                put(server, content);
            }
            try (ServerFixture second = front("second", trusted, RemoteOptions.Builder::readOnly)) {
                assertThat(get(second, content).body()).satisfies(same(content));
            }
            List<HttpRemote> refused = List.of(
                    remote(uri), new HttpRemote(uri, Optional.empty(), Optional.of(authority), Optional.empty()));
            for (int i = 0; i < refused.size(); i++) {
                try (ServerFixture server = front("refused" + i, refused.get(i), RemoteOptions.Builder::readOnly)) {
                    assertThat(get(server, content).status()).isEqualTo(404);
                }
            }
        }
    }

    @Test
    void aUrlWithAUserOrAnotherSchemeIsRefusedWithoutShowingIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> remote(URI.create("http://alice:secret@cache:8080/")))
                .withMessageContaining("--proxy-auth-file")
                .withMessageNotContaining("secret");
        for (String wrong : List.of("ftp://cache", "http:///cas", "http://cache/?a=secret", "http://cache/#a")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> remote(URI.create(wrong)))
                    .withMessageNotContaining("secret");
        }
    }

    @Test
    void closingEndsARequestThatHangs() throws Exception {
        Content content = ServerFixture.text(1, 9 * MIB);
        CountDownLatch hangs = new CountDownLatch(1);
        Script stalling = content(content, exchange -> {
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: " + content.bytes().length + "\r\n\r\n");
            exchange.output().write(content.bytes(), 0, 5 * MIB);
            exchange.output().flush();
            hangs.countDown();
            exchange.stall();
        });
        try (ScriptedServer other = ScriptedServer.plain(stalling);
                ServerFixture server = front(
                        "server", remote(URI.create(other.endpoint().toString())), RemoteOptions.Builder::readOnly);
                RawClient client = server.connect()) {
            client.send("GET " + content.path() + " HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(hangs.await(30, TimeUnit.SECONDS)).isTrue();
            server.server.close(Duration.ZERO);
            assertThat(server.cache.stats().entries()).isZero();
        }
    }

    @Test
    void anUploadThatHangsIsCutOffByClosingAndDoneByTheNextServer() throws Exception {
        Content content = ServerFixture.text(1, 2 * MIB);
        CountDownLatch uploading = new CountDownLatch(1);
        Script stalling = exchange -> {
            if (exchange.method().equals("PUT")) {
                uploading.countDown();
                exchange.stall();
            } else {
                exchange.respond(404, "");
            }
        };
        try (ScriptedServer other = ScriptedServer.plain(stalling)) {
            URI uri = URI.create(other.endpoint().toString());
            List<byte[]> received = new CopyOnWriteArrayList<>();
            try (ServerFixture server = front("server", remote(uri))) {
                put(server, content);
                assertThat(uploading.await(30, TimeUnit.SECONDS)).isTrue();
                server.server.close(Duration.ofMillis(10));
                Script storing = exchange -> {
                    if (exchange.method().equals("PUT")) {
                        received.add(exchange.readBody());
                        exchange.respond(200, "");
                    } else {
                        exchange.respond(404, "");
                    }
                };
                other.then(storing, storing, storing); // it is looked for before it is sent
                CacheServer.builder(server.cache)
                        .http(HttpOptions.builder().build())
                        .remote(RemoteOptions.builder(remote(uri)).build())
                        .start()
                        .close();
            }
            assertThat(received).hasSize(1);
            assertThat(Zstd.decompress(received.get(0), content.bytes().length)).satisfies(same(content));
        }
    }
}
