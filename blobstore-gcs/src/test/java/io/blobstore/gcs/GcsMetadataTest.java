package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonParser;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Precondition;
import io.blobstore.PresignOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.gcs.fake.Attributes;
import io.blobstore.http.ScriptedFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests metadata as other programs have stored it, and what Cloud Storage does with content headers. */
@ExtendWith(LeakCheck.class)
class GcsMetadataTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobKey COPY = BlobKey.of("copy");
    private static final byte[] CONTENT = {1, 2, 3};

    /** Metadata outside the limits of this library, and all that a copy keeps. */
    private static final Attributes FOREIGN = new Attributes(
            Optional.of("text/plain"),
            Map.of(
                    "Content-Encoding", "zstd",
                    "Content-Language", "de",
                    "Content-Disposition", "attachment; filename=\"Zoë.txt\"",
                    "Cache-Control", "no-cache"),
            Optional.of("2026-01-01T00:00:00Z"),
            Optional.of(JsonParser.parseString("{\"custom\":{\"team\":{\"value\":\"a\"}}}")),
            Map.of("Owner", "Zoë €", "long", "x".repeat(4000)),
            "NEARLINE",
            Optional.empty(),
            Optional.empty());

    @RegisterExtension
    final FakeServer server = FakeServer.plain();

    private Attributes attributes(BlobKey key) {
        return server.get()
                .object(FakeServer.BUCKET, key.toString())
                .orElseThrow()
                .attributes();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCopyKeepsWhatOtherProgramsHaveStored(boolean ifAbsent) throws IOException {
        server.get().store(FakeServer.BUCKET, KEY.toString(), CONTENT, FOREIGN);
        try (BlobStore store = server.store().open()) {
            Precondition condition = ifAbsent ? Precondition.ifAbsent() : Precondition.none();
            store.copy(KEY, COPY, CopyOptions.builder().precondition(condition).build());

            assertThat(attributes(COPY).contexts().orElseThrow().toString()).contains("\"team\"", "\"a\"");
            assertThat(attributes(COPY))
                    .usingRecursiveComparison()
                    .ignoringFields("contexts", "customTime")
                    .isEqualTo(FOREIGN);
            assertThat(attributes(COPY).customTime().orElseThrow()).startsWith("2026-01-01T00:00:00");
        }
    }

    @Test
    void aCopyKeepsNamesThatNoHeaderCanHave() throws IOException {
        Map<String, String> metadata = Map.of("Owner Name", " a\u0000b ", "\u00fc:", "1");
        Attributes attributes = new Attributes(
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                metadata,
                "STANDARD",
                Optional.empty(),
                Optional.empty());
        server.get().store(FakeServer.BUCKET, KEY.toString(), CONTENT, attributes);
        try (BlobStore store = server.store().open()) {
            store.copy(KEY, COPY);

            assertThat(store.head(COPY).userMetadata()).isEqualTo(metadata);
        }
    }

    @Test
    void theStorageClassOfTheSettingsReplacesTheSources() throws IOException {
        server.get().store(FakeServer.BUCKET, KEY.toString(), CONTENT, FOREIGN);
        try (BlobStore store = server.store().storageClass("COLDLINE").open()) {
            store.copy(KEY, COPY);

            assertThat(attributes(COPY).storageClass()).isEqualTo("COLDLINE");
            assertThat(attributes(COPY).metadata()).isEqualTo(FOREIGN.metadata());
        }
    }

    @Test
    void metadataOfOtherProgramsIsShownAsText() throws IOException {
        server.get().store(FakeServer.BUCKET, KEY.toString(), CONTENT, FOREIGN);
        try (BlobStore store = server.store().open()) {
            BlobMetadata head = store.head(KEY);
            BlobMetadata read =
                    store.read(KEY, ByteRange.all(), ByteBuffer.allocate(3)).blob();

            assertThat(head.userMetadata()).isEqualTo(FOREIGN.metadata());
            assertThat(head.contentDisposition()).contains("attachment; filename=\"Zoë.txt\"");
            assertThat(read.contentHeaders()).isEqualTo(head.contentHeaders());
            // The names of header fields have no case.
            assertThat(read.userMetadata()).containsEntry("owner", "Zoë €");
        }
    }

    @Test
    void theDefaultCacheControlOfResponsesIsNotTheBlobs() throws IOException {
        try (BlobStore store = server.store().open()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));

            BlobMetadata read =
                    store.read(KEY, ByteRange.all(), ByteBuffer.allocate(3)).blob();
            assertThat(read.cacheControl()).isEmpty();
            assertThat(read).isEqualTo(store.head(KEY));
        }
    }

    /** A proxy may remove Accept-Encoding from a request, or decode on its own. */
    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip"})
    void contentThatWasRecodedOnTheWayIsRefused(String stored) throws IOException {
        String sent = stored.equals("gzip") ? "identity" : "gzip";
        try (BlobStore store = server.store().open()) {
            store.store(KEY, ByteBuffer.wrap(CONTENT));
            server.get()
                    .fault(
                            request -> request.method().equals("GET"),
                            ScriptedFault.changing(response -> response.without("x-goog-stored-content-encoding")
                                    .with("x-goog-stored-content-encoding", stored)
                                    .with("Content-Encoding", sent)));

            ByteBuffer target = ByteBuffer.allocate(3);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> store.read(KEY, ByteRange.all(), target))
                    .withMessageContaining("changes the content on the way");
            assertThat(target.position()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Encoding", "Content-Language", "Cache-Control"})
    void aSignedUrlCannotReplaceOtherHeaders(String name) throws IOException {
        PresignOptions.Builder options = PresignOptions.builder().validity(Duration.ofMinutes(1));
        switch (name) {
            case "Content-Encoding" -> options.responseContentEncoding("identity");
            case "Content-Language" -> options.responseContentLanguage("en");
            default -> options.responseCacheControl("no-store");
        }
        try (BlobStore store = server.store().open()) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> store.presign(KEY, options.build()))
                    .withMessageContaining(name);
        }
    }
}
