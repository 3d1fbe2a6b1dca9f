package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdInputStream;
import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests GET and HEAD: content and records, encodings, ranges and conditions. */
public class HttpReadsTest {
    @TempDir
    static Path temporary;

    private static ServerFixture server;
    private RawClient client;

    @BeforeAll
    static void start() throws IOException {
        server = ServerFixture.start(temporary.resolve("cache"));
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
    }

    @BeforeEach
    void connect() throws IOException {
        client = server.connect();
    }

    @AfterEach
    void disconnect() throws IOException {
        client.close();
    }

    private Content put(Content content) throws IOException {
        server.cache.put(content.digest(), content.source());
        return content;
    }

    static List<Content> contents() {
        return List.of(
                Content.of(new byte[0]),
                ServerFixture.text(1, 1),
                ServerFixture.text(2, 100),
                ServerFixture.text(3, 16 * KIB),
                ServerFixture.random(4, 100 * KIB),
                ServerFixture.text(5, MIB),
                ServerFixture.text(6, MIB + 1),
                ServerFixture.text(7, 3 * MIB + 5),
                ServerFixture.random(8, 3 * MIB + 5));
    }

    @Test
    void getReturnsWhatWasPutAndHeadItsLength() throws IOException {
        for (Content content : contents()) {
            put(content);
            Response got = client.get(content.path());
            assertThat(got.status()).isEqualTo(200);
            assertThat(got.body()).isEqualTo(content.bytes());
            assertThat(got.field("Content-Encoding")).isNull();
            assertThat(got.field("ETag")).isEqualTo('"' + content.hash() + '"');
            assertThat(got.field("Accept-Ranges")).isEqualTo("bytes");
            Response head = client.headOf("/any/instance" + content.path());
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("Content-Length")).isEqualTo(Integer.toString(content.bytes().length));
            assertThat(head.field("ETag")).isEqualTo(got.field("ETag"));
        }
    }

    @Test
    void framesAreSentAsTheyAreStoredWithALengthAndDecodeToTheContent() throws IOException {
        for (Content content : contents()) {
            put(content);
            Response got = client.get(content.path(), "Accept-Encoding: gzip, zstd;q=0.9");
            Response head = client.headOf(content.path(), "Accept-Encoding: gzip, zstd;q=0.9");
            assertThat(got.status()).isEqualTo(200);
            assertThat(got.field("Vary")).isEqualToIgnoringCase("Accept-Encoding");
            assertThat(head.field("Content-Length")).isEqualTo(Integer.toString(got.body().length));
            assertThat(head.field("Content-Encoding")).isEqualTo(got.field("Content-Encoding"));
            if (got.field("Content-Encoding") == null) {
                assertThat(got.body()).isEqualTo(content.bytes());
            } else {
                assertThat(got.field("Content-Encoding")).isEqualTo("zstd");
                assertThat(got.field("ETag")).isEqualTo("W/\"" + content.hash() + '"');
                assertThat(decoded(got.body())).isEqualTo(content.bytes());
            }
        }
        Content text = ServerFixture.text(7, 3 * MIB + 5);
        assertThat(client.get(text.path(), "Accept-Encoding: zstd").body()).hasSizeLessThan(2 * MIB);
    }

    private static byte[] decoded(byte[] frames) throws IOException {
        try (ZstdInputStream in = new ZstdInputStream(new ByteArrayInputStream(frames))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "zstd;q=0             | false",
                "zstd;q=0.5,identity  | false",
                "gzip                 | false",
                "*                    | false",
                "zstd;q=0.5           | true",
                "ZSTD ; Q=1.000       | true",
                "identity;q=0.5, zstd | true",
                "zstd;q=2             | false",
                "zstdx                | false",
                "*;q=0, zstd          | true"
            })
    void qualitiesAreHonored(String accepted, boolean zstd) throws IOException {
        Content content = put(ServerFixture.text(1, 100 * KIB));
        Response got = client.get(content.path(), "Accept-Encoding: " + accepted);
        assertThat(got.field("Content-Encoding")).isEqualTo(zstd ? "zstd" : null);
    }

    @Test
    void contentThatMayNotBeSentAsItIsIsNotAcceptableWithoutFrames() throws IOException {
        Content content = put(ServerFixture.random(1, 100 * KIB));
        assertThat(client.get(content.path(), "Accept-Encoding: identity;q=0").status())
                .isEqualTo(406);
        assertThat(client.get(content.path(), "Accept-Encoding: *;q=0").status()).isEqualTo(406);
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1",
        "bytes=5-, 5, 2500000",
        "bytes=-7, 2499993, 2500000",
        "bytes=1048575-1048576, 1048575, 1048577",
        "bytes=1048576-2097151, 1048576, 2097152",
        "bytes=100-9999999, 100, 2500000",
        "bytes=-9999999, 0, 2500000",
        "bytes=2499999-, 2499999, 2500000"
    })
    void aRangeIsSentOfTheContentHoweverItIsStored(String range, int from, int to) throws IOException {
        for (Content content : List.of(ServerFixture.text(1, 2_500_000), ServerFixture.random(2, 2_500_000))) {
            put(content);
            Response got = client.get(content.path(), "Range: " + range, "Accept-Encoding: zstd");
            assertThat(got.status()).isEqualTo(206);
            assertThat(got.body()).isEqualTo(Arrays.copyOfRange(content.bytes(), from, to));
            assertThat(got.field("Content-Range")).isEqualTo("bytes " + from + '-' + (to - 1) + "/2500000");
            assertThat(got.field("Content-Encoding")).isNull();
        }
    }

    @Test
    void aRangeOutsideOfTheContentIsRefusedAndOneThatIsNotUnderstoodIsIgnored() throws IOException {
        Content content = put(ServerFixture.text(1, 1000));
        for (String range : List.of("bytes=1000-", "bytes=1000-2000", "bytes=-0")) {
            Response refused = client.get(content.path(), "Range: " + range);
            assertThat(refused.status()).isEqualTo(416);
            assertThat(refused.field("Content-Range")).isEqualTo("bytes */1000");
        }
        for (String range : List.of("bytes=5-3", "bytes=0-1,5-6", "items=0-1", "bytes=-", "bytes=a-b")) {
            assertThat(client.get(content.path(), "Range: " + range).body()).isEqualTo(content.bytes());
        }
        assertThat(client.get(content.path(), "Range: bytes=0-1", "If-Range: \"other\"").status())
                .isEqualTo(200);
        assertThat(client.get(content.path(), "Range: bytes=0-1", "If-Range: \"" + content.hash() + '"')
                        .status())
                .isEqualTo(206);
    }

    @Test
    void contentThatTheClientHasIsNotSent() throws IOException {
        Content content = put(ServerFixture.text(1, 1000));
        for (String tag : List.of("\"" + content.hash() + '"', "W/\"" + content.hash() + '"', "*", "\"a\", \"" + content.hash() + '"')) {
            Response got = client.get(content.path(), "If-None-Match: " + tag);
            assertThat(got.status()).isEqualTo(304);
            assertThat(got.field("ETag")).isEqualTo('"' + content.hash() + '"');
        }
        assertThat(client.get(content.path(), "If-None-Match: \"other\"").status()).isEqualTo(200);
    }

    @Test
    void recordsAreReadAsTheyWerePut() throws IOException {
        Sha256 key = ServerFixture.text(1, 10).digest().sha256();
        for (int size : new int[] {0, 10, 100 * KIB, 3 * MIB}) {
            byte[] record = ServerFixture.random(size, size).bytes();
            server.cache.putRecord(Keyspace.AC, key, BlobSource.of(ByteBuffer.wrap(record)));
            assertThat(client.get("/ac/" + key.hex(), "Accept-Encoding: zstd").body()).isEqualTo(record);
            assertThat(client.headOf("/ac/" + key.hex()).field("Content-Length")).isEqualTo(Integer.toString(size));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/cas/", "/ac/", "/any/prefix/cas/"})
    void whatIsNotThereIsNotFound(String prefix) throws IOException {
        String target = prefix + ServerFixture.text(999, 999).hash();
        assertThat(client.get(target).status()).isEqualTo(404);
        assertThat(client.headOf(target).status()).isEqualTo(404);
    }
}
