package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StorageFullException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.StoreOptions;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors of the server become exceptions of the contract, for requests of the data plane and of the SDK. */
@ExtendWith(LeakCheck.class)
class S3ErrorsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final BlobSource CONTENT = BlobSource.of(ByteBuffer.wrap(new byte[100]));

    private static Stream<Arguments> errors() {
        return Stream.of(
                Arguments.of(404, "NoSuchBucket", StoreNotFoundException.class, false, "create it"),
                Arguments.of(403, "AccessDenied", PermissionDeniedException.class, false, "no permission"),
                Arguments.of(
                        403, "InvalidAccessKeyId", PermissionDeniedException.class, false, "credentials are wrong"),
                Arguments.of(
                        403, "SignatureDoesNotMatch", PermissionDeniedException.class, false, "credentials are wrong"),
                Arguments.of(400, "ExpiredToken", PermissionDeniedException.class, false, "expired"),
                Arguments.of(403, "RequestTimeTooSkewed", PermissionDeniedException.class, false, "clock"),
                Arguments.of(301, "PermanentRedirect", StoreNotFoundException.class, false, "region"),
                Arguments.of(400, "BadDigest", IntegrityException.class, false, "something else than was sent"),
                Arguments.of(503, "SlowDown", ThrottledException.class, true, "fewer requests"),
                Arguments.of(429, "TooManyRequests", ThrottledException.class, true, "fewer requests"),
                Arguments.of(500, "InternalError", BlobStoreException.class, true, "failed"),
                Arguments.of(502, "BadGateway", BlobStoreException.class, true, "failed"),
                Arguments.of(400, "RequestTimeout", BlobStoreException.class, true, "failed"),
                Arguments.of(409, "OperationAborted", BlobStoreException.class, true, "another request"),
                Arguments.of(412, "PreconditionFailed", PreconditionFailedException.class, false, "version"),
                Arguments.of(507, "XMinioStorageFull", StorageFullException.class, false, "free some"),
                Arguments.of(501, "NotImplemented", BlobStoreException.class, false, "refused"),
                Arguments.of(400, "EntityTooLarge", BlobStoreException.class, false, "refused"));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorIsTypedAndNamesItsCodeAndItsRequest(
            int status, String code, Class<? extends Throwable> type, boolean retryable, String words)
            throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.refusing(status, code, "x-amz-request-id: REQ1"));
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open()) {
            BlobStoreException own = catchThrowableOfType(
                    BlobStoreException.class, () -> store.store(KEY, CONTENT, StoreOptions.DEFAULT));
            BlobStoreException sdk =
                    catchThrowableOfType(BlobStoreException.class, () -> store.list(ListOptions.DEFAULT));

            assertThat(own.key()).contains(KEY);
            assertThat(Stream.of(own, sdk)).allSatisfy(problem -> {
                assertThat(problem).isExactlyInstanceOf(type);
                assertThat(problem.isRetryable()).isEqualTo(retryable);
                assertThat(problem).hasMessageContaining(words).hasMessageContaining("No, because.");
                assertThat(problem).hasMessageContaining(code).hasMessageContaining("REQ1");
                assertThat(problem.getMessage()).doesNotContain("\n", ScriptedS3.SECRET_KEY, "AWS4-HMAC");
            });
        }
    }

    // ---- throttling

    @ParameterizedTest
    @CsvSource({
        "503, SlowDown",
        "503, ServiceUnavailable",
        "503, Busy",
        "503, ",
        "429, ",
        "503, SlowDownRead",
        "400, RequestThrottled",
        "400, BandwidthLimitExceeded"
    })
    void aStoreThatIsBusyThrottlesEveryRequest(int status, @Nullable String code) throws IOException {
        String body = code == null ? "" : ScriptedS3.error(code);
        ScriptedServer.Script refusing = exchange -> {
            if (exchange.method().equals("HEAD")) {
                exchange.respondHead(status, 0);
            } else {
                ScriptedServer.Script.responding(status, body).run(exchange);
            }
        };
        try (ScriptedServer server = ScriptedServer.plain(refusing);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open()) {
            List<ThrowingCallable> requests = List.of(
                    () -> store.store(KEY, CONTENT),
                    () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)),
                    () -> store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), StoreOptions.DEFAULT),
                    () -> store.delete(KEY),
                    () -> store.delete(List.of(KEY)).throwIfFailed(),
                    () -> store.list(ListOptions.DEFAULT));
            assertThat(requests).allSatisfy(request -> assertThatThrownBy(request)
                    .isInstanceOf(ThrottledException.class));
            if (status != 400) { // the response to HEAD has no code
                assertThatThrownBy(() -> store.head(KEY)).isInstanceOf(ThrottledException.class);
            }
        }
    }

    /** S3 begins the responses to some requests before it is done: an error then has the status of a success. */
    @ParameterizedTest
    @ValueSource(strings = {"SlowDown", "ServiceUnavailable", "SlowDownWrite", "ThrottlingException"})
    void anErrorInASuccessfulResponseMayBeThrottlingToo(String code) throws IOException {
        String failed = "<DeleteResult><Error><Key>" + KEY + "</Key><Code>" + code + "</Code></Error></DeleteResult>";
        ScriptedServer.Script script = exchange -> {
            String target = exchange.target();
            ScriptedServer.Script response;
            if (exchange.method().equals("HEAD")) {
                response = target.contains("/copy")
                        ? head -> head.respondHead(404, 0)
                        : ScriptedS3.head(100, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
            } else if (target.contains("uploads")) {
                response = ScriptedServer.Script.responding(
                        200,
                        "<InitiateMultipartUploadResult><UploadId>id-1</UploadId></InitiateMultipartUploadResult>");
            } else if (target.contains("partNumber")) {
                response = ScriptedServer.Script.responding(200, "", ScriptedS3.ETAG);
            } else if (exchange.method().equals("DELETE")) {
                response = ScriptedServer.Script.responding(204, "");
            } else {
                response = ScriptedServer.Script.responding(
                        200, target.contains("delete") ? failed : ScriptedS3.error(code));
            }
            response.run(exchange);
        };
        try (ScriptedServer server = ScriptedServer.plain(script);
                ImmediateRetryClient client = ScriptedS3.immediateRetryClient(server);
                BlobStore store = client.store(ScriptedS3.BUCKET).open();
                MultipartUpload upload =
                        store.createMultipartUpload(KEY, new PartLayout(100, 5 << 20), StoreOptions.DEFAULT)) {
            upload.uploadPart(1, CONTENT);

            assertThatThrownBy(() -> upload.complete(Crc32c.of(CONTENT))).isInstanceOf(ThrottledException.class);
            assertThatThrownBy(() -> store.delete(List.of(KEY)).throwIfFailed())
                    .isInstanceOf(ThrottledException.class);
            assertThatThrownBy(() -> store.copy(KEY, BlobKey.of("copy"), CopyOptions.DEFAULT))
                    .isInstanceOf(ThrottledException.class);
        }
    }

    @Test
    void theRegionOfTheBucketIsReported() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(
                        ScriptedS3.refusing(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-3"));
                BlobStore store = ScriptedS3.store(server).open()) {
            assertThat(catchThrowableOfType(StoreNotFoundException.class, () -> store.head(KEY)))
                    .hasMessageContaining("is in region eu-west-3")
                    .hasMessageContaining("set region=eu-west-3");
            assertThat(catchThrowableOfType(
                            StoreNotFoundException.class,
                            () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1))))
                    .hasMessageContaining("set region=eu-west-3");
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 7", "'Wed, 21 Oct 2015 07:28:30 GMT', 30", "soon, -1"})
    void retryAfterIsReported(String field, int seconds) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(ScriptedS3.refusing(
                        503, "SlowDown", "Retry-After: " + field, "Date: Wed, 21 Oct 2015 07:28:00 GMT"));
                BlobStore store = ScriptedS3.store(server).open()) {
            ThrottledException problem =
                    catchThrowableOfType(ThrottledException.class, () -> store.store(KEY, CONTENT));

            if (seconds < 0) {
                assertThat(problem.retryAfter()).isEmpty();
            } else {
                assertThat(problem.retryAfter()).contains(Duration.ofSeconds(seconds));
            }
        }
    }

    @Test
    void aFailedHeadIsExplainedByAListing() throws IOException {
        assertThat(headAnd(404, exchange -> exchange.respondHead(404, 0)))
                .isInstanceOf(StoreNotFoundException.class)
                .hasMessageContaining(ScriptedS3.BUCKET);
        assertThat(headAnd(404, ScriptedS3.refusing(404, "NoSuchBucket"))).isInstanceOf(StoreNotFoundException.class);
        for (int status : new int[] {400, 403, 404}) {
            assertThat(headAnd(status, ScriptedS3.refusing(403, "InvalidAccessKeyId")))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining("credentials are wrong");
        }
        assertThat(headAnd(404, ScriptedS3.refusing(403, "AccessDenied"))).isInstanceOf(BlobNotFoundException.class);
        assertThat(headAnd(404, ScriptedServer.Script.responding(200, "<ListBucketResult/>")))
                .isInstanceOf(BlobNotFoundException.class);
    }

    /** Returns the failure of a HEAD whose response has a status, if the response to a listing is that of a script. */
    private static BlobStoreException headAnd(int status, ScriptedServer.Script listing) throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(listing).then(exchange -> exchange.respondHead(status, 0));
                BlobStore store = ScriptedS3.store(server).open()) {
            return catchThrowableOfType(BlobStoreException.class, () -> store.head(KEY));
        }
    }

    @Test
    void aBodyThatIsNotXmlIsIgnored() throws IOException {
        for (String body : new String[] {
            "",
            "<html>502</html>",
            "<Error><Code>Slow",
            "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:/etc/passwd\">]><Error>&y;</Error>"
        }) {
            try (ScriptedServer server = ScriptedServer.plain(ScriptedServer.Script.responding(502, body));
                    BlobStore store = ScriptedS3.store(server).open()) {
                assertThat(catchThrowableOfType(BlobStoreException.class, () -> store.store(KEY, CONTENT)))
                        .hasMessageContaining("HTTP 502")
                        .satisfies(problem -> assertThat(problem.isRetryable()).isTrue());
            }
        }
    }
}
