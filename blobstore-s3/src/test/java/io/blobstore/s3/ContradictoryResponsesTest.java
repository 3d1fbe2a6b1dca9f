package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers that a server sends about one blob: all of them agree, or none is believed. */
@ExtendWith(LeakCheck.class)
class ContradictoryResponsesTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final Script HEAD = ScriptedS3.head(10, ScriptedS3.ETAG, ScriptedS3.MODIFIED);

    private static Script range(String body, String... fields) {
        return exchange -> {
            String[] all = new String[fields.length + 2];
            all[0] = ScriptedS3.ETAG;
            all[1] = ScriptedS3.MODIFIED;
            System.arraycopy(fields, 0, all, 2, fields.length);
            exchange.respond(206, body, all);
        };
    }

    private static void assertRefused(Script response, ByteRange range, String message) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(HEAD).then(response);
                BlobStore store = ScriptedS3.store(server).open()) {
            ByteBuffer target = ByteBuffer.allocate(20);

            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.read(KEY, range, target)))
                    .hasMessageContaining(message);
            assertThat(target.position()).isZero();
        }
    }

    // ---- one response

    @ParameterizedTest
    @ValueSource(strings = {"bytes 0-9/10", "bytes 0-4/10", "bytes 0-9/20", "bytes */10", "nonsense"})
    void aRangeWithTheStatusOfAWholeBlobIsRefused(String contentRange) throws IOException {
        assertRefused(
                ScriptedS3.read(BYTES, "Content-Range: " + contentRange), ByteRange.all(), "it has a Content-Range");
        assertRefused(
                ScriptedS3.read(BYTES, "Content-Range: " + contentRange),
                ByteRange.of(0, 10),
                "it has a Content-Range");
    }

    @Test
    void differentNumbersInOneResponseAreRefused() throws IOException {
        assertRefused(
                range("01", "Content-Range: bytes 0-1/10", "Content-Range: bytes 0-1/20"),
                ByteRange.of(0, 2),
                "Content-Range is");
        assertRefused(range("012", "Content-Range: bytes 0-1/10"), ByteRange.of(0, 2), "it sends 3 bytes");
        assertRefused(
                range("01", "Content-Range: bytes 0-1/10", "x-amz-decoded-content-length: 11"),
                ByteRange.of(0, 2),
                "contradicts itself");
        assertRefused(
                ScriptedS3.read(BYTES, "x-amz-decoded-content-length: 11"), ByteRange.all(), "contradicts itself");
    }

    @Test
    void equalNumbersAreAccepted() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(HEAD)
                        .then(range(
                                "01",
                                "Content-Range: bytes 0-1/10",
                                "content-range: bytes 0-1/10",
                                "x-amz-decoded-content-length: 10"));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.read(KEY, ByteRange.of(0, 2), ByteBuffer.allocate(2))
                            .blob()
                            .size())
                    .isEqualTo(10);
        }
    }

    // ---- several responses

    /** Without a checksum, nothing in the response itself shows that its end is missing. */
    @Test
    void aWholeBlobThatIsShorterThanItsMetadataSaysIsRefused() throws IOException {
        Script shorter = ScriptedS3.read("01234".getBytes(StandardCharsets.US_ASCII));
        try (ScriptedServer server = ScriptedServer.plain(HEAD).then(shorter, HEAD, shorter, HEAD);
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager reader = TransferManager.create()) {
            assertThat(catchThrowableOfType(
                            IntegrityException.class, () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(20))))
                    .hasMessageContaining("5 bytes, but the blob has 10");
            assertThat(catchThrowableOfType(
                            IntegrityException.class,
                            () -> reader.download(store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(20)))
                                    .join()))
                    .hasMessageContaining("5 bytes, but the blob has 10");
        }
    }

    @Test
    void aWholeBlobWithoutChecksumNeedsTwoResponses() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(HEAD).then(ScriptedS3.read(BYTES));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.read(KEY, ByteRange.all(), ByteBuffer.allocate(20)).length())
                    .isEqualTo(10);
            assertThat(server.requests()).extracting(ScriptedExchange::method).containsExactly("GET", "HEAD");
        }
    }

    @Test
    void aStoreWithoutChecksumsAsksForARangeWhichHasTwoNumbers() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(HEAD)
                        .then(
                                range("0123456789", "Content-Range: bytes 0-9/10"),
                                ScriptedS3.refusing(416, "InvalidRange"),
                                ScriptedS3.head(0, ScriptedS3.ETAG, ScriptedS3.MODIFIED),
                                range("01234", "Content-Range: bytes 0-4/10"));
                BlobStore store =
                        ScriptedS3.store(server).checksums(S3Checksums.NONE).open()) {
            assertThat(store.read(KEY, ByteRange.all(), ByteBuffer.allocate(20)).length())
                    .isEqualTo(10);
            assertThat(server.requests().get(0).header("Range")).contains("bytes=0-");
            assertThat(store.read(KEY, ByteRange.all(), ByteBuffer.allocate(20)).length())
                    .isZero();
            assertThat(server.requests()).hasSize(3);
            assertThat(catchThrowableOfType(
                            BlobStoreException.class, () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(20))))
                    .hasMessageContaining("Content-Range is");
        }
    }

    @Test
    void partsOfOneVersionWithDifferentTotalsAreRefused() throws IOException {
        DownloadOptions options = DownloadOptions.builder()
                .partSize(5)
                .concurrency(1)
                .retry(RetryPolicy.NEVER)
                .build();
        try (ScriptedServer server = ScriptedServer.plain(HEAD)
                        .then(
                                range("01234", "Content-Range: bytes 0-4/10"),
                                HEAD,
                                range("56789", "Content-Range: bytes 5-9/11"));
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager reader = TransferManager.create()) {
            assertThat(catchThrowableOfType(
                            BlobStoreException.class,
                            () -> reader.download(
                                            store,
                                            KEY,
                                            ByteRange.all(),
                                            BlobTarget.of(ByteBuffer.allocate(20)),
                                            options)
                                    .join()))
                    .hasMessageContaining("two sizes");
        }
    }

    // ---- metadata without a size

    private static Script headWithout(String... fields) {
        return exchange -> {
            exchange.write("HTTP/1.1 200 OK\r\n" + ScriptedS3.ETAG + "\r\n" + ScriptedS3.MODIFIED + "\r\n");
            for (String field : fields) {
                exchange.write(field + "\r\n");
            }
            exchange.write("\r\n");
        };
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-Encoding: chunked",
                "Content-Length: -1",
                "Content-Length: 10\r\nContent-Length: 11",
                "A: b"
            })
    void theSizeIsThatOfTheFirstBytesRange(String field) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(headWithout(field));
                BlobStore store = ScriptedS3.store(server).open()) {
            server.then(headWithout(field), range("0", "Content-Range: bytes 0-0/10"));
            assertThat(store.head(KEY).size()).isEqualTo(10);
            assertThat(server.requests().get(1).header("Range")).contains("bytes=0-0");
            assertThat(server.requests().get(1).header("If-Match")).contains("\"0123456789abcdef\"");

            server.then(headWithout(field), ScriptedS3.refusing(416, "InvalidRange"));
            assertThat(store.head(KEY).size()).isZero();

            server.then(headWithout(field), exchange -> exchange.respondHead(200, 5_000_000)); // ignores the range
            assertThat(store.head(KEY).size()).isEqualTo(5_000_000);

            server.then(headWithout(field), range("0", "Content-Range: bytes 0-0/*"));
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY)))
                    .isNotNull();

            server.then(headWithout(field), ScriptedS3.refusing(412, "PreconditionFailed"));
            BlobStoreException replaced = catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY));
            assertThat(replaced).hasMessageContaining("replaced").isNotInstanceOf(PreconditionFailedException.class);
            assertThat(replaced.isRetryable()).isTrue();
        }
    }
}
