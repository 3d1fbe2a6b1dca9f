package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests PUT: what is kept, and what is refused without a trace. */
class HttpWritesTest {
    private static final long MAX = 256L << 20;

    @TempDir
    static Path temporary;

    private static ServerFixture server;
    private RawClient client;

    @BeforeAll
    static void start() throws IOException {
        server = ServerFixture.start(temporary.resolve("cache"), CacheOptions.ofMaxBytes(MAX), builder -> builder);
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @BeforeEach
    void connect() throws IOException {
        server.cache.evictTo(0);
        client = server.connect();
    }

    @AfterEach
    void disconnect() throws IOException {
        client.close();
    }

    private void requireKept(Content content) throws IOException {
        assertThat(client.get(content.path()).body()).isEqualTo(content.bytes());
    }

    private void requireNothing(Content content) throws IOException {
        try (RawClient other = server.connect()) {
            assertThat(other.get(content.path()).status()).isEqualTo(404);
            assertThat(other.headOf(content.path()).status()).isEqualTo(404);
        }
        assertThat(server.cache.stats().entries()).isZero();
        ServerFixture.await(() -> server.cache.stats().reservedBytes() == 0
                && server.temporaries().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16 * KIB, 64 * KIB, MIB, MIB + 1, 3 * MIB + 5})
    void contentIsKept(int size) throws IOException {
        for (Content content : List.of(ServerFixture.text(size, size), ServerFixture.random(size + 1, size))) {
            assertThat(client.put("/x/y" + content.path(), content.bytes()).status())
                    .isEqualTo(200);
            requireKept(content);
            assertThat(client.put(content.path(), content.bytes()).status())
                    .as("again")
                    .isEqualTo(200);
            requireKept(content);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16 * KIB, MIB + 1, 3 * MIB + 5})
    void framesAreDecodedAndVerified(int size) throws IOException {
        for (Content content : List.of(ServerFixture.text(size, size), ServerFixture.random(size + 1, size))) {
            Response put = client.put(
                    content.path(),
                    Zstd.compress(content.bytes(), 1),
                    "Content-Encoding: zstd",
                    "X-Digest-SizeBytes: " + size);
            assertThat(put.status()).isEqualTo(200);
            requireKept(content);
        }
    }

    @Test
    void framesMayBeManyAndOfAnyKind() throws IOException {
        Content content = ServerFixture.text(1, 2 * MIB);
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        frames.write(new byte[] {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}); // one that is skipped
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            for (int at = 0; at < content.bytes().length; at += 100_000) {
                context.setChecksum(at % 200_000 == 0).setContentSize(at % 300_000 == 0);
                frames.write(context.compress(
                        Arrays.copyOfRange(content.bytes(), at, Math.min(at + 100_000, content.bytes().length))));
            }
        }
        assertThat(client.put(
                                content.path(),
                                frames.toByteArray(),
                                "Content-Encoding: zstd",
                                "X-Digest-SizeBytes: " + content.bytes().length)
                        .status())
                .isEqualTo(200);
        requireKept(content);
    }

    @Test
    void aBodyInChunksIsKeptIfItsSizeIsKnown() throws IOException {
        Content content = ServerFixture.text(1, 200 * KIB);
        client.head("PUT", content.path(), "Transfer-Encoding: chunked", "X-Digest-SizeBytes: " + 200 * KIB);
        for (int at = 0; at < 200 * KIB; at += 7 * KIB) {
            byte[] chunk = Arrays.copyOfRange(content.bytes(), at, Math.min(200 * KIB, at + 7 * KIB));
            client.send(Integer.toHexString(chunk.length) + "\r\n").send(chunk).send("\r\n");
        }
        assertThat(client.send("0\r\n\r\n").response(true).status()).isEqualTo(200);
        requireKept(content);
        assertThat(client.head("PUT", ServerFixture.text(2, 1).path(), "Transfer-Encoding: chunked")
                        .response(true)
                        .status())
                .isEqualTo(411);
    }

    @Test
    void aWrongHashIsRefused() throws IOException {
        for (int size : new int[] {0, 10, 2 * MIB}) {
            Content content = ServerFixture.text(1, size + 1);
            byte[] other = ServerFixture.random(2, size + 1).bytes();
            assertThat(client.put(content.path(), other).status()).isEqualTo(422);
            assertThat(client.put(
                                    content.path(),
                                    Zstd.compress(other),
                                    "Content-Encoding: zstd",
                                    "X-Digest-SizeBytes: " + (size + 1))
                            .status())
                    .isEqualTo(422);
            requireNothing(content);
        }
        Content empty = ServerFixture.text(1, 5);
        assertThat(client.put(empty.path(), new byte[0]).status()).isEqualTo(422);
        requireNothing(empty);
    }

    @Test
    void aWrongSizeIsRefused() throws IOException {
        Content content = ServerFixture.text(1, 100 * KIB);
        byte[] frames = Zstd.compress(content.bytes());
        for (int size : new int[] {0, 100 * KIB - 1, 100 * KIB + 1, 5 * MIB}) {
            assertThat(client.put(content.path(), content.bytes(), "X-Digest-SizeBytes: " + size)
                            .status())
                    .isEqualTo(400);
            connect();
            assertThat(client.put(content.path(), frames, "Content-Encoding: zstd", "X-Digest-SizeBytes: " + size)
                            .status())
                    .isEqualTo(422);
            requireNothing(content);
            connect();
        }
    }

    @Test
    void framesWithoutASizeOrInAnUnknownEncodingAreRefused() throws IOException {
        Content content = ServerFixture.text(1, 100);
        byte[] frames = Zstd.compress(content.bytes());
        assertThat(client.put(content.path(), frames, "Content-Encoding: zstd").status())
                .isEqualTo(400);
        assertThat(client.put(content.path(), frames, "Content-Encoding: gzip").status())
                .isEqualTo(415);
        assertThat(client.put("/ac/" + content.hash(), frames, "Content-Encoding: zstd", "X-Digest-SizeBytes: 100")
                        .status())
                .isEqualTo(415);
        for (String size : List.of("-1", "-5", "", "x", "1e3", "99999999999999999999")) {
            assertThat(client.put(content.path(), frames, "Content-Encoding: zstd", "X-Digest-SizeBytes: " + size)
                            .status())
                    .isEqualTo(400);
        }
        requireNothing(content);
    }

    @Test
    void damagedFramesAreRefused() throws IOException {
        Content content = ServerFixture.text(1, 300 * KIB);
        byte[] frames = Zstd.compress(content.bytes());
        byte[] flipped = frames.clone();
        flipped[frames.length / 2] ^= 1;
        byte[] followed = Arrays.copyOf(frames, frames.length + 3);
        for (byte[] damaged : List.of(
                flipped, Arrays.copyOf(frames, frames.length - 1), followed, new byte[] {1, 2, 3}, new byte[0])) {
            assertThat(client.put(content.path(), damaged, "Content-Encoding: zstd", "X-Digest-SizeBytes: " + 300 * KIB)
                            .status())
                    .isEqualTo(422);
        }
        requireNothing(content);
    }

    /** A body of a few KiB that would decode to 1 GiB ends at the size that was announced. */
    @Test
    void aBombIsStoppedAtTheSizeThatWasAnnounced() throws IOException {
        Content content = ServerFixture.text(1, 1000);
        byte[] frame = Zstd.compress(new byte[64 * MIB]);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        for (int i = 0; i < 16; i++) {
            bomb.write(frame);
        }
        Response put =
                client.put(content.path(), bomb.toByteArray(), "Content-Encoding: zstd", "X-Digest-SizeBytes: 1000");
        assertThat(put.status()).isEqualTo(422);
        assertThat(put.text()).contains("more bytes than 1000");
        requireNothing(content);
    }

    @Test
    void aWindowThatNeedsMuchMemoryIsRefused() throws IOException {
        Content content = ServerFixture.text(1, 16 * MIB);
        ByteBuffer target = ByteBuffer.allocateDirect(20 * MIB);
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            context.setLong(27).setContentSize(false);
            ByteBuffer source =
                    ByteBuffer.allocateDirect(16 * MIB).put(content.bytes()).flip();
            while (!context.compressDirectByteBufferStream(target, source, com.github.luben.zstd.EndDirective.END)) {
                assertThat(target.hasRemaining()).isTrue();
            }
        }
        byte[] frames = new byte[target.flip().remaining()];
        target.get(frames);
        Response put = client.put(content.path(), frames, "Content-Encoding: zstd", "X-Digest-SizeBytes: " + 16 * MIB);
        assertThat(put.status()).isEqualTo(422);
        assertThat(put.text()).contains("8 MiB");
    }

    @Test
    void contentLargerThanTheCacheIsRefusedBeforeItIsSent() throws IOException {
        Content content = ServerFixture.text(1, 100);
        client.head("PUT", content.path(), "Content-Length: " + (MAX + 1));
        Response refused = client.response(true);
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.field("Connection")).isEqualTo("close");
        assertThat(client.isAtEnd()).isTrue();
        try (RawClient other = server.connect()) {
            other.head("PUT", "/ac/" + content.hash(), "Content-Length: " + (65 * MIB));
            assertThat(other.response(true).status()).isEqualTo(413);
        }
        requireNothing(content);
    }

    @Test
    void aClientThatWaitsForPermissionGetsIt() throws IOException {
        Content content = ServerFixture.text(1, 100 * KIB);
        client.head("PUT", content.path(), "Content-Length: " + 100 * KIB, "Expect: 100-continue");
        assertThat(client.response(false).status()).isEqualTo(100);
        assertThat(client.send(content.bytes()).response(true).status()).isEqualTo(200);
        requireKept(content);
        client.head("PUT", content.path(), "Content-Length: " + (MAX + 1), "Expect: 100-continue");
        assertThat(client.response(true).status()).isEqualTo(413);
        try (RawClient other = server.connect()) {
            other.head("PUT", content.path(), "Content-Length: 3", "Expect: magic");
            assertThat(other.response(true).status()).isEqualTo(417);
        }
    }

    @Test
    void aRecordReplacesTheOneThatWasThere() throws IOException {
        String path = "/ac/" + ServerFixture.text(1, 1).hash();
        for (int size : new int[] {0, 5, 100 * KIB, 3 * MIB, 7}) {
            byte[] record = ServerFixture.random(size, size).bytes();
            assertThat(client.put(path, record).status()).isEqualTo(200);
            assertThat(client.get(path).body()).isEqualTo(record);
            assertThat(client.headOf(path).field("Content-Length")).isEqualTo(Integer.toString(size));
        }
        assertThat(server.cache.getRecord(
                        Keyspace.AC, ServerFixture.text(1, 1).digest().sha256()))
                .isPresent();
    }

    @Test
    void aClientThatEndsInTheMiddleLeavesNothing() throws IOException {
        Content content = ServerFixture.random(1, 3 * MIB);
        for (String path : List.of(content.path(), "/ac/" + content.hash())) {
            for (int bytes : new int[] {0, 100, 2 * MIB}) {
                try (RawClient dying = server.connect()) {
                    dying.head("PUT", path, "Content-Length: " + 3 * MIB).send(Arrays.copyOf(content.bytes(), bytes));
                    if (bytes > MIB) {
                        ServerFixture.await(() -> server.cache.stats().reservedBytes() > 0);
                    }
                    dying.reset();
                }
                ServerFixture.await(() -> server.cache.stats().reservedBytes() == 0);
                requireNothing(content);
            }
        }
    }

    @Test
    void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws IOException {
        Content first = ServerFixture.text(1, 100 * KIB);
        Content second = ServerFixture.random(2, 3);
        ByteArrayOutputStream ahead = new ByteArrayOutputStream();
        for (Content content : List.of(first, second)) {
            ahead.write(("PUT " + content.path() + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + content.bytes().length
                            + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            ahead.write(content.bytes());
        }
        for (int i = 0; i < 300; i++) {
            ahead.write(("GET " + (i % 2 == 0 ? first : second).path() + " HTTP/1.1\r\nHost: a\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            ahead.write("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        Thread sender = new Thread(() -> {
            try {
                client.send(ahead.toByteArray());
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        sender.start();
        assertThat(client.response(true).status()).isEqualTo(200);
        assertThat(client.response(true).status()).isEqualTo(200);
        for (int i = 0; i < 300; i++) {
            assertThat(client.response(true).body()).isEqualTo((i % 2 == 0 ? first : second).bytes());
            assertThat(client.response(true).status()).isEqualTo(400);
        }
    }
}
