package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Conditional requests whose response is lost. */
@ExtendWith(LeakCheck.class)
class AmbiguousOutcomeTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(new byte[100]));
    private static final String CRC_FIELD = "x-amz-checksum-crc32c: " + CHECKSUM.base64();
    private static final String OTHER_CRC = "x-amz-checksum-crc32c: AAAAAA==";
    private static final StoreOptions IF_ABSENT =
            StoreOptions.builder().precondition(Precondition.ifAbsent()).build();

    private static final Script LOST = exchange -> {
        exchange.discardBody();
        exchange.reset();
    };
    private static final Script UNEXPECTED = Script.responding(501, ScriptedS3.error("NotImplemented"));

    private static ScriptedServer server(Script... scripts) throws IOException {
        return ScriptedServer.plain(UNEXPECTED).then(scripts);
    }

    private static Script existing(long size, String... fields) {
        return exchange -> {
            String[] all = new String[fields.length + 2];
            all[0] = ScriptedS3.ETAG;
            all[1] = ScriptedS3.MODIFIED;
            System.arraycopy(fields, 0, all, 2, fields.length);
            exchange.respondHead(200, size, all);
        };
    }

    @Test
    void aBlobWithTheSentChecksumCountsAsStored() throws IOException {
        try (ScriptedServer server = server(LOST, existing(100, CRC_FIELD));
                BlobStore store = ScriptedS3.store(server).open()) {
            StoredBlob stored = store.store(KEY, CONTENT, IF_ABSENT);

            assertThat(stored.version()).isEqualTo(new BlobVersion("\"0123456789abcdef\""));
            assertThat(stored.checksum()).contains(CHECKSUM);
            assertThat(server.requests())
                    .extracting(request -> request.method())
                    .containsExactly("PUT", "HEAD");
        }
    }

    @Test
    void theOutcomeOfAServerErrorIsAmbiguousToo() throws IOException {
        try (ScriptedServer server = server(ScriptedS3.refusing(500, "InternalError"), existing(100, CRC_FIELD));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(store.store(KEY, CONTENT, IF_ABSENT).checksum()).contains(CHECKSUM);
        }
    }

    @Test
    void withAnotherBlobTheFailureIsReported() throws IOException {
        try (ScriptedServer server = server(
                        LOST,
                        existing(100, OTHER_CRC),
                        LOST,
                        existing(99, CRC_FIELD),
                        LOST,
                        exchange -> exchange.respondHead(404, 0),
                        exchange -> exchange.respondHead(200, 0));
                BlobStore store = ScriptedS3.store(server).open()) {
            for (int i = 0; i < 3; i++) {
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, IF_ABSENT)))
                        .isExactlyInstanceOf(BlobStoreException.class)
                        .satisfies(problem -> assertThat(problem.isRetryable()).isTrue());
            }
        }
    }

    @Test
    void theVersionToBeReplacedDoesNotCountAsStored() throws IOException {
        StoreOptions ifMatch = StoreOptions.builder()
                .precondition(Precondition.ifMatch(new BlobVersion("\"0123456789abcdef\"")))
                .build();
        try (ScriptedServer server = server(LOST, existing(100, CRC_FIELD));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, ifMatch))
                            .isRetryable())
                    .isTrue();
        }
    }

    @Test
    void withoutAChecksumTheOutcomeIsReportedAsUnknown() throws IOException {
        try (ScriptedServer server = server(LOST, existing(100));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, IF_ABSENT)))
                    .hasMessageContaining("response was lost")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
        }
    }

    @Test
    void withoutAConditionTheBlobIsNotRequested() throws IOException {
        try (ScriptedServer server = server(LOST);
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT))
                            .isRetryable())
                    .isTrue();
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void aConflictIsExplainedByTheCurrentBlob() throws IOException {
        Script conflict = ScriptedS3.refusing(409, "ConditionalRequestConflict");
        StoreOptions ifMatch = StoreOptions.builder()
                .precondition(Precondition.ifMatch(new BlobVersion("\"old\"")))
                .build();
        try (ScriptedServer server = server(
                        conflict,
                        existing(100, OTHER_CRC),
                        conflict,
                        existing(100, OTHER_CRC),
                        conflict,
                        exchange -> exchange.respondHead(404, 0),
                        exchange -> exchange.respondHead(200, 0));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, IF_ABSENT)))
                    .isInstanceOf(BlobAlreadyExistsException.class);
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, ifMatch)))
                    .isExactlyInstanceOf(PreconditionFailedException.class);
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT, IF_ABSENT))
                            .isRetryable())
                    .isTrue();
        }
    }

    // ---- completion

    private static final Script CREATED = Script.responding(
            200,
            "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>",
            "x-amz-checksum-algorithm: CRC32C",
            "x-amz-checksum-type: FULL_OBJECT");
    private static final Script PART = Script.responding(200, "", ScriptedS3.ETAG);
    private static final String COMPLETED =
            "<CompleteMultipartUploadResult><ETag>&quot;whole-1&quot;</ETag></CompleteMultipartUploadResult>";

    private static MultipartUpload sent(BlobStore store, StoreOptions options) throws IOException {
        MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), options);
        upload.uploadPart(1, CONTENT);
        return upload;
    }

    @Test
    void aRepeatedCompletionMayFailBecauseTheFirstSucceeded() throws IOException {
        try (ScriptedServer server = server(
                        CREATED,
                        PART,
                        LOST,
                        exchange -> exchange.respondHead(404, 0),
                        ScriptedS3.refusing(412, "PreconditionFailed"),
                        existing(100, CRC_FIELD));
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store, IF_ABSENT)) {
            assertThat(upload.complete(CHECKSUM).checksum()).contains(CHECKSUM);
        }
    }

    @Test
    void aMissingUploadWasCompletedIfItsBlobExists() throws IOException {
        try (ScriptedServer server =
                        server(CREATED, PART, ScriptedS3.refusing(404, "NoSuchUpload"), existing(100, CRC_FIELD));
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store, StoreOptions.DEFAULT)) {
            assertThat(upload.complete(CHECKSUM).size()).isEqualTo(100);
        }
    }

    @Test
    void aMissingUploadWithoutItsBlobHasFailed() throws IOException {
        Script gone = ScriptedS3.refusing(404, "NoSuchUpload");
        try (ScriptedServer server = server(CREATED, PART, gone, existing(100, OTHER_CRC), gone);
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store, StoreOptions.DEFAULT)) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> upload.complete(CHECKSUM)))
                    .hasMessageContaining("the upload is gone")
                    .satisfies(problem -> assertThat(problem.isRetryable()).isFalse());
        }
    }

    @Test
    void aFailedConditionOfTheFirstAttemptIsReported() throws IOException {
        try (ScriptedServer server = server(
                        CREATED, PART, ScriptedS3.refusing(412, "PreconditionFailed"), Script.responding(204, ""));
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store, IF_ABSENT)) {
            assertThat(catchThrowableOfType(BlobStoreException.class, () -> upload.complete(CHECKSUM)))
                    .isInstanceOf(BlobAlreadyExistsException.class);
        }
    }

    @Test
    void anErrorInTheBodyOfASuccessIsARetryableFailure() throws IOException {
        Script failing = Script.responding(200, ScriptedS3.error("InternalError"));
        try (ScriptedServer server =
                        server(CREATED, PART, failing, failing, failing, failing, Script.responding(200, COMPLETED));
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store, StoreOptions.DEFAULT)) {
            StoredBlob stored = null;
            for (int attempt = 0; stored == null && attempt < 5; attempt++) {
                try {
                    stored = upload.complete(CHECKSUM);
                } catch (BlobStoreException e) {
                    assertThat(e.isRetryable()).isTrue();
                    assertThat(e).hasMessageContaining("InternalError");
                }
            }
            assertThat(stored.version()).isEqualTo(new BlobVersion("\"whole-1\""));
            assertThat(server.requests()).hasSize(7);
        }
    }

    @Test
    void aTruncatedResponseIsARetryableFailure() throws IOException {
        for (String half : new String[] {"", "<CompleteMultipartUploadResult>", COMPLETED.substring(0, 60), "  "}) {
            Script cut = Script.responding(200, half);
            try (ScriptedServer server =
                            ScriptedServer.plain(Script.responding(204, "")).then(CREATED, PART, cut);
                    BlobStore store = ScriptedS3.store(server).open();
                    MultipartUpload upload = sent(store, StoreOptions.DEFAULT)) {
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> upload.complete(CHECKSUM)))
                        .as("after '%s'", half)
                        .satisfies(problem -> assertThat(problem.isRetryable()).isTrue());
            }
        }
    }
}
