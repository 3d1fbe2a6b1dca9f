package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedFault;
import io.blobstore.http.ScriptedResponse;
import io.blobstore.spi.PartLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Numbers that a server sends about one blob agree, or none is believed; and other responses that no server sends. */
@ExtendWith(LeakCheck.class)
class ContradictoryResponsesTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] BYTES = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final Predicate<ScriptedExchange> IS_READ =
            request -> request.method().equals("GET") && !FakeGcs.isJson(request);
    private static final Predicate<ScriptedExchange> IS_METADATA =
            request -> request.method().equals("GET") && FakeGcs.isJson(request);

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    private static BlobSource content() {
        return BlobSource.of(ByteBuffer.wrap(BYTES));
    }

    private void assertRefused(ByteRange range, String message, ScriptedFault fault) throws IOException {
        try (BlobStore store = server.store().open()) {
            store.store(KEY, content());
            server.get().fault(IS_READ, fault);
            ByteBuffer target = ByteBuffer.allocate(20);

            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.read(KEY, range, target)))
                    .hasMessageContaining(message);
            assertThat(target.position()).isZero();
        }
    }

    @Test
    void theStoredLengthIsCompared() throws IOException {
        for (ByteRange range : new ByteRange[] {ByteRange.all(), ByteRange.of(0, 2), ByteRange.of(3, 7)}) {
            assertRefused(
                    range,
                    "contradicts itself",
                    ScriptedFault.changing(response ->
                            response.without("x-goog-stored-content-length").with("x-goog-stored-content-length", 11)));
        }
    }

    @Test
    void aRangeWithTheStatusOfAWholeBlobIsRefused() throws IOException {
        assertRefused(
                ByteRange.all(),
                "it has a Content-Range",
                ScriptedFault.changing(response -> response.with("Content-Range", "bytes 0-9/10")));
    }

    @Test
    void aShorterBlobWithoutChecksumIsRefused() throws IOException {
        assertRefused(
                ByteRange.all(),
                "5 bytes, but the blob has 10",
                ScriptedFault.changing(response -> response.without("x-goog-hash", "x-goog-stored-content-length")
                        .withBody(Arrays.copyOf(BYTES, 5))));
    }

    @Test
    void theSizeOfAStoredObjectIsCompared() throws IOException {
        try (BlobStore store = server.store().open()) {
            server.get()
                    .fault(
                            request -> request.method().equals("POST"),
                            ScriptedFault.changing(response -> response.withBody(response.text()
                                    .replaceAll("\"crc32c\" *: *\"[^\"]*\" *,", "")
                                    .replaceAll("\"size\" *: *\"10\"", "\"size\":\"11\"")
                                    .getBytes(StandardCharsets.UTF_8))));

            assertThat(catchThrowableOfType(IntegrityException.class, () -> store.store(KEY, content())))
                    .hasMessageContaining("11 bytes");
        }
    }

    @Test
    void aMissingSizeIsThatOfTheFirstBytesRange() throws IOException {
        try (BlobStore store = server.store().open()) {
            for (int size : new int[] {10, 0}) {
                store.store(KEY, BlobSource.of(ByteBuffer.wrap(BYTES, 0, size)));
                server.get()
                        .fault(
                                IS_METADATA,
                                ScriptedFault.changing(response -> response.withBody(response.text()
                                        .replaceAll("\"size\" *: *\"[0-9]*\" *,?", "")
                                        .getBytes(StandardCharsets.UTF_8))));

                assertThat(store.head(KEY).size()).isEqualTo(size);
                assertThat(server.get().faultsLeft()).isZero();
            }
        }
    }

    @Test
    void aWeakTagOfAPartIsSentStrong() throws IOException {
        try (BlobStore store = server.store().open();
                MultipartUpload upload =
                        store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT)) {
            server.get()
                    .fault(
                            request -> request.method().equals("PUT"),
                            ScriptedFault.changing(ContradictoryResponsesTest::withWeakTag));
            upload.uploadPart(1, content());
            upload.complete(Crc32c.of(content()));

            assertThat(store.head(KEY).size()).isEqualTo(10);
        }
    }

    private static ScriptedResponse withWeakTag(ScriptedResponse response) {
        String etag = response.fields().stream()
                .filter(field -> field.startsWith("ETag: "))
                .findFirst()
                .orElseThrow()
                .substring("ETag: ".length());
        return response.without("ETag").with("ETag", "W/" + etag);
    }

    /** The SDK prints a stack trace of what it cannot parse. */
    @Test
    void anErrorThatIsCutOffOrIsNotJsonPrintsNothing() throws IOException {
        PrintStream before = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (BlobStore store = server.store().open()) {
            String large = "{\"error\": {\"message\": \"" + "a".repeat(100_000) + "\"}}";
            for (String body : new String[] {"{\"error\": {\"code\": 4", "<html>", "[".repeat(60_000), large, ""}) {
                server.get()
                        .fault(IS_METADATA, ScriptedFault.respond(ScriptedResponse.of(400, "application/json", body)));
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY)))
                        .hasMessageContaining("400");
            }
        } finally {
            System.setErr(before);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    // ---- compression

    private static byte[] gzip(byte[] piece, int times) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            for (int i = 0; i < times; i++) {
                zip.write(piece);
            }
        }
        return bytes.toByteArray();
    }

    @Test
    void compressedMetadataIsDecompressed() throws IOException {
        try (BlobStore store = server.store().open()) {
            store.store(KEY, content());
            server.get().fault(IS_METADATA, (exchange, handler) -> {
                ScriptedResponse response = handler.handle(exchange, exchange.readBody());
                exchange.respond(response.withBody(gzip(response.body(), 1)).with("Content-Encoding", "gzip"));
            });

            assertThat(store.head(KEY).size()).isEqualTo(10);
        }
    }

    @Test
    void aCompressedResponseThatExpandsWithoutEndIsRefused() throws IOException {
        byte[] zeros = gzip(new byte[1 << 20], 100);
        byte[] spaces = new byte[1 << 20];
        Arrays.fill(spaces, (byte) ' ');
        byte[] blank = gzip(spaces, 20);
        try (BlobStore store = server.store().open()) {
            for (byte[] body : new byte[][] {zeros, blank}) {
                for (int status : new int[] {200, 400}) {
                    ScriptedFault fault = ScriptedFault.respond(ScriptedResponse.of(status, "application/json", body)
                            .with("Content-Encoding", "gzip"));
                    server.get().fault(IS_METADATA, fault);
                    assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY)))
                            .isNotNull();
                    server.get().fault(IS_METADATA, fault);
                    assertThat(catchThrowableOfType(
                                    BlobStoreException.class,
                                    () -> store.list(ListOptions.DEFAULT).hasNext()))
                            .isNotNull();
                }
            }
        }
    }
}
