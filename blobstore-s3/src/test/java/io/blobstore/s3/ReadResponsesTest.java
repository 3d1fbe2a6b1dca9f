package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses to reads. */
@ExtendWith(LeakCheck.class)
class ReadResponsesTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final String CRC = Crc32c.of(ByteBuffer.wrap(BYTES)).base64();

    private static Script range(String contentRange, String body, String... fields) {
        return exchange -> {
            List<String> all =
                    new ArrayList<>(List.of(ScriptedS3.ETAG, ScriptedS3.MODIFIED, "Content-Range: " + contentRange));
            all.addAll(List.of(fields));
            exchange.respond(206, body, all.toArray(new String[0]));
        };
    }

    @Test
    void aFlippedBitInAWholeBlobIsDetected() throws IOException {
        byte[] flipped = BYTES.clone();
        flipped[7] ^= 4;
        Script head = ScriptedS3.head(10, ScriptedS3.ETAG, ScriptedS3.MODIFIED, "x-amz-checksum-crc32c: " + CRC);
        try (ScriptedServer server = ScriptedServer.plain(head)
                        .then(
                                ScriptedS3.read(flipped, "x-amz-checksum-crc32c: " + CRC),
                                range("bytes 0-9/10", new String(flipped, StandardCharsets.ISO_8859_1)));
                BlobStore store = ScriptedS3.store(server).open()) {
            for (ByteRange whole : List.of(ByteRange.all(), ByteRange.of(0, 10))) {
                ByteBuffer target = ByteBuffer.allocate(20).position(3);

                assertThat(catchThrowableOfType(IntegrityException.class, () -> store.read(KEY, whole, target)))
                        .hasMessageContaining("stored with");
                assertThat(target.position()).isEqualTo(3);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"AAAAAA==-4", "composite", "none"})
    void aCompositeChecksumIsNotThatOfTheBlob(String kind) throws IOException {
        Script response = switch (kind) {
            case "none" -> ScriptedS3.read(BYTES);
            case "composite" ->
                ScriptedS3.read(BYTES, "x-amz-checksum-crc32c: AAAAAA==", "x-amz-checksum-type: COMPOSITE");
            default -> ScriptedS3.read(BYTES, "x-amz-checksum-crc32c: " + kind);
        };
        try (ScriptedServer server = ScriptedServer.plain(response);
                BlobStore store = ScriptedS3.store(server).open()) {
            BlobMetadata metadata =
                    store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10)).blob();

            assertThat(metadata.checksum()).isEmpty();
        }
    }

    /** Some servers send the checksum of the range with a range. */
    @Test
    void theChecksumOfARangeIsNotThatOfTheBlob() throws IOException {
        try (ScriptedServer server =
                        ScriptedServer.plain(range("bytes 2-3/10", "23", "x-amz-checksum-crc32c: AAAAAA=="));
                BlobStore store = ScriptedS3.store(server).open()) {
            ReadResult read = store.read(KEY, ByteRange.of(2, 2), ByteBuffer.allocate(2));

            assertThat(read.blob().checksum()).isEmpty();
            assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(BYTES, 2, 2)));
        }
    }

    @Test
    void aRangeOfTheWholeBlobRequestsTheChecksum() throws IOException {
        Script head = ScriptedS3.head(10, ScriptedS3.ETAG, ScriptedS3.MODIFIED, "x-amz-checksum-crc32c: " + CRC);
        try (ScriptedServer server = ScriptedServer.plain(range("bytes 0-9/10", "0123456789"))
                        .then(range("bytes 0-9/10", "0123456789"), head);
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.read(KEY, ByteRange.of(0, 10), ByteBuffer.allocate(10))
                            .blob()
                            .checksum())
                    .contains(Crc32c.of(ByteBuffer.wrap(BYTES)));
            assertThat(server.requests()).extracting(ScriptedExchange::method).containsExactly("GET", "HEAD");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes 3-4/10",
                "bytes 2-4/10",
                "bytes 2-2/10",
                "bytes 2-3/*",
                "bytes 2-3/3",
                "bytes=2-3/10",
                "",
                "bytes 2-3/99999999999999999999"
            })
    void anotherRangeThanRequestedIsRefused(String contentRange) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(range(contentRange, "23"));
                BlobStore store = ScriptedS3.store(server).open()) {
            ByteBuffer target = ByteBuffer.allocate(2);

            assertThat(catchThrowableOfType(
                            BlobStoreException.class, () -> store.read(KEY, ByteRange.of(2, 2), target)))
                    .isNotNull();
            assertThat(target.position()).isZero();
        }
    }

    @Test
    void aResponseThatIgnoresTheRangeIsRefused() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.read(BYTES));
                BlobStore store = ScriptedS3.store(server).open()) {
            for (ByteRange range : List.of(ByteRange.of(2, 2), ByteRange.of(0, 9), ByteRange.from(1))) {
                assertThat(catchThrowableOfType(
                                BlobStoreException.class, () -> store.read(KEY, range, ByteBuffer.allocate(10))))
                        .as("%s", range)
                        .hasMessageContaining("does not send the range");
            }
        }
    }

    @Test
    void anotherVersionWithEqualContentIsRefused() throws IOException {
        BlobVersion wanted = new BlobVersion("\"0123456789abcdef\"@v1");
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.read(BYTES, "x-amz-version-id: v2"));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(
                            PreconditionFailedException.class,
                            () -> store.read(
                                    KEY, ByteRange.all(), ByteBuffer.allocate(10), ReadOptions.ifMatch(wanted))))
                    .hasMessageContaining("@v2");
            assertThat(server.requests().get(0).header("If-Match")).contains("\"0123456789abcdef\"");
        }
    }

    @Test
    void aResponseWithoutETagIsRefused() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, ""));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(
                            BlobStoreException.class, () -> store.store(KEY, BlobSource.of(ByteBuffer.wrap(BYTES)))))
                    .hasMessageContaining("ETag");
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY)))
                    .hasMessageContaining("ETag");
            assertThat(catchThrowableOfType(
                            BlobStoreException.class, () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1))))
                    .hasMessageContaining("ETag");
        }
    }
}
