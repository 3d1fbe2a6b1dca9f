package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that take effect although the response is a failure, and aborts that do not. */
@ExtendWith(LeakCheck.class)
class UnknownOutcomeTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));
    private static final Crc32c CHECKSUM = Crc32c.of(ByteBuffer.wrap(new byte[100]));
    private static final String CRC_FIELD = "x-amz-checksum-crc32c: " + CHECKSUM.base64();
    private static final StoreOptions IF_ABSENT =
            StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
    private static final Script THERE =
            exchange -> exchange.respondHead(200, 100, ScriptedS3.ETAG, ScriptedS3.MODIFIED, CRC_FIELD);
    private static final Script CREATED = Script.responding(
            200,
            "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>",
            "x-amz-checksum-algorithm: CRC32C",
            "x-amz-checksum-type: FULL_OBJECT");
    private static final Script PART = Script.responding(200, "", ScriptedS3.ETAG);

    /**
     * Starts a server where the first request for storing or completing creates the blob. The responses to such
     * requests are the given ones, in this order, and then that the condition failed.
     */
    private static ScriptedServer storing(Script... responses) throws IOException {
        Queue<Script> left = new ArrayDeque<>(List.of(responses));
        return ScriptedServer.plain(exchange -> {
            boolean ofUpload = exchange.target().contains("uploadId=");
            Script response = switch (exchange.method()) {
                case "HEAD" -> THERE;
                case "DELETE" -> Script.responding(204, "");
                case "POST" -> ofUpload ? next(left) : CREATED;
                default -> ofUpload ? PART : next(left);
            };
            response.run(exchange);
        });
    }

    private static Script next(Queue<Script> left) {
        synchronized (left) {
            return left.isEmpty() ? ScriptedS3.refusing(412, "PreconditionFailed") : left.remove();
        }
    }

    private static MultipartUpload sent(BlobStore store) throws IOException {
        MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), IF_ABSENT);
        upload.uploadPart(1, CONTENT);
        return upload;
    }

    // ---- one request

    @ParameterizedTest
    @CsvSource({"503, ServiceUnavailable", "503, Busy", "500, InternalError"})
    void aRetryIsNotRefusedBecauseOfItsOwnBlob(int status, String code) throws Exception {
        try (ScriptedServer server = storing(ScriptedS3.refusing(status, code));
                BlobStore store = ScriptedS3.store(server).open();
                TransferManager uploader = TransferManager.create()) {
            StoredBlob stored = uploader.upload(
                            store,
                            KEY,
                            CONTENT,
                            UploadOptions.builder()
                                    .store(IF_ABSENT)
                                    .retry(RetryPolicy.builder()
                                            .maxAttempts(3)
                                            .baseDelay(Duration.ofMillis(1))
                                            .maxDelay(Duration.ofMillis(1))
                                            .maxRetryAfter(Duration.ofMillis(1))
                                            .build())
                                    .build())
                    .join();

            assertThat(stored.checksum()).contains(CHECKSUM);
            assertThat(server.requests()).extracting(ScriptedExchange::method).containsExactly("PUT", "HEAD");
        }
    }

    @ParameterizedTest
    @CsvSource({"503, SlowDown", "429, TooManyRequests", "429, ''", "400, ThrottlingException"})
    void theOutcomeOfAThrottledRequestIsNotRequested(int status, String code) throws Exception {
        try (ScriptedServer server = storing(ScriptedS3.refusing(status, code));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(ThrottledException.class, () -> store.store(KEY, CONTENT, IF_ABSENT)))
                    .isNotNull();
            assertThat(catchThrowableOfType(
                            BlobAlreadyExistsException.class, () -> store.store(KEY, CONTENT, IF_ABSENT)))
                    .as("the blob is of another request")
                    .isNotNull();
            assertThat(server.requests()).extracting(ScriptedExchange::method).containsExactly("PUT", "PUT");
        }
    }

    // ---- completion

    @ParameterizedTest
    @CsvSource({"503, ServiceUnavailable", "500, InternalError"})
    void aCompletionIsNotRefusedBecauseOfItsOwnBlob(int status, String code) throws Exception {
        Script failing = ScriptedS3.refusing(status, code);
        try (ScriptedServer server = storing(failing, failing, failing, failing, failing, failing);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open();
                MultipartUpload upload = sent(store)) {
            assertThat(upload.complete(CHECKSUM).checksum()).contains(CHECKSUM);
        }
    }

    /** The SDK reports the last failure, and not the one after which the blob existed. */
    @Test
    void theLastOfSeveralAttemptsDoesNotShowTheOutcomeOfTheFirst() throws Exception {
        Script lost = exchange -> {
            exchange.discardBody();
            exchange.reset();
        };
        Script slow = ScriptedS3.refusing(503, "SlowDown");
        Script conflict = ScriptedS3.refusing(409, "ConditionalRequestConflict");
        for (Script[] responses : new Script[][] {{lost, slow, slow}, {lost, conflict}}) {
            try (ScriptedServer server = storing(responses);
                    ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                    BlobStore store = client.store(ScriptedS3.BUCKET).open();
                    MultipartUpload upload = sent(store)) {
                assertThat(upload.complete(CHECKSUM).checksum()).contains(CHECKSUM);
            }
        }
    }

    @Test
    void aCopyIsNotRefusedBecauseOfItsOwnBlob() throws Exception {
        Script failing = ScriptedS3.refusing(503, "ServiceUnavailable");
        Script copied = Script.responding(
                200, "<CopyPartResult><ETag>&quot;0123456789abcdef&quot;</ETag></CopyPartResult>", ScriptedS3.ETAG);
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(204, ""))
                        .then(THERE, ScriptedS3.tags(""), CREATED, copied, failing, failing, failing, THERE);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open()) {
            StoredBlob stored = store.copy(
                    KEY,
                    BlobKey.of("copy"),
                    CopyOptions.builder().precondition(Precondition.ifAbsent()).build());

            assertThat(stored.checksum()).contains(CHECKSUM);
        }
    }

    // ---- aborts

    private static long aborts(ScriptedServer server) {
        return server.requests().stream()
                .filter(request -> request.method().equals("DELETE"))
                .count();
    }

    /** The SDK does not repeat a request whose response has the status of a success. */
    @Test
    void aFailedAbortIsRepeated() throws Exception {
        Script errorInSuccess = Script.responding(200, ScriptedS3.error("InternalError"));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(204, ""))
                        .then(CREATED, PART, errorInSuccess, errorInSuccess);
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store)) {
            upload.abort();
            assertThat(aborts(server)).isEqualTo(3);
        }
    }

    @Test
    void anAbortThatKeepsFailingIsRepeatedTwice() throws Exception {
        Script errorInSuccess = Script.responding(200, ScriptedS3.error("InternalError"));
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(204, ""))
                        .then(CREATED, PART, errorInSuccess, errorInSuccess, errorInSuccess);
                BlobStore store = ScriptedS3.store(server).open();
                MultipartUpload upload = sent(store)) {
            assertThat(catchThrowableOfType(BlobStoreException.class, upload::abort))
                    .isNotNull();
            assertThat(aborts(server)).isEqualTo(3);

            upload.abort(); // a second call tries again
            assertThat(aborts(server)).isEqualTo(4);
        }
    }

    @Test
    void whatTheSdkHasRepeatedIsNotRepeatedAgain() throws Exception {
        Script failing = ScriptedS3.refusing(500, "InternalError");
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(204, ""))
                        .then(CREATED, PART, failing, failing, failing);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open()) {
            MultipartUpload upload = sent(store);
            assertThat(catchThrowableOfType(BlobStoreException.class, upload::abort))
                    .isNotNull();
            assertThat(aborts(server)).isEqualTo(3);
            upload.abort(); // a second call tries again
            assertThat(aborts(server)).isEqualTo(4);
        }
    }
}
