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
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
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
                Arguments.of(307, "TemporaryRedirect", StoreNotFoundException.class, false, "region"),
                Arguments.of(400, "AuthorizationHeaderMalformed", PermissionDeniedException.class, false, "region"),
                Arguments.of(403, "InvalidObjectState", BlobStoreException.class, false, "restore it"),
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
            assertThat(requests)
                    .allSatisfy(request -> assertThatThrownBy(request).isInstanceOf(ThrottledException.class));
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
            assertThatThrownBy(() -> store.delete(List.of(KEY)).throwIfFailed()).isInstanceOf(ThrottledException.class);
            assertThatThrownBy(() -> store.copy(KEY, BlobKey.of("copy"), CopyOptions.DEFAULT))
                    .isInstanceOf(ThrottledException.class);
        }
    }

    /** The region is in the header, which is all that a response to HEAD has, in the body, or in the message. */
    @ParameterizedTest
    @CsvSource({
        "301, PermanentRedirect, true",
        "307, TemporaryRedirect, true",
        "400, AuthorizationHeaderMalformed, true",
        "400, '', true",
        "301, '', true",
        "400, AuthorizationHeaderMalformed, false",
        "301, PermanentRedirect, false"
    })
    void theRegionOfTheBucketIsReported(int status, String code, boolean header) throws IOException {
        String body = code.isEmpty()
                ? ""
                : "<Error><Code>" + code + "</Code><Message>The region 'us-east-1' is wrong; expecting 'eu-west-3'"
                        + "</Message></Error>";
        Script elsewhere = header
                ? Script.responding(status, body, "x-amz-bucket-region: eu-west-3")
                : Script.responding(status, body);
        try (ScriptedServer server = ScriptedServer.plain(elsewhere);
                BlobStore store = ScriptedS3.store(server).open()) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> store.head(KEY),
                    () -> store.list(ListOptions.DEFAULT),
                    () -> store.store(KEY, CONTENT),
                    () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)))) {
                assertThatThrownBy(call)
                        .isInstanceOf(StoreNotFoundException.class)
                        .hasMessageContaining("is in region eu-west-3")
                        .hasMessageContaining("set region=eu-west-3");
            }
        }
    }

    @Test
    void anotherEndpointInTheSameRegionIsReported() throws IOException {
        String body = "<Error><Code>PermanentRedirect</Code><Endpoint>some-bucket.s3.example</Endpoint></Error>";
        try (ScriptedServer server =
                        ScriptedServer.plain(Script.responding(301, body, "x-amz-bucket-region: us-east-1"));
                BlobStore store = ScriptedS3.store(server).open()) {
            for (ThrowingCallable call :
                    List.<ThrowingCallable>of(() -> store.list(ListOptions.DEFAULT), () -> store.store(KEY, CONTENT))) {
                assertThatThrownBy(call)
                        .isInstanceOf(StoreNotFoundException.class)
                        .hasMessageContaining("another endpoint in region us-east-1 (some-bucket.s3.example)");
            }
        }
    }

    /** What the servers of B2 and R2 respond, and others that know none of these header fields. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400 | InvalidArgument | Unsupported header 'x-amz-sdk-checksum-algorithm' received for this API call.",
                "501 | NotImplemented  | Header 'x-amz-checksum-crc32c' with value 'AAAAAA==' not implemented",
                "501 | NotImplemented  | x-amz-checksum-algorithm is not supported",
                "400 | InvalidRequest  | Missing required header for this request: Content-MD5",
            })
    void aServerThatDoesNotKnowChecksumsIsReported(int status, String code, String message) throws IOException {
        Script refusing =
                Script.responding(status, "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>");
        for (S3Checksums checksums : S3Checksums.values()) {
            try (ScriptedServer server = ScriptedServer.plain(refusing);
                    BlobStore store =
                            ScriptedS3.store(server).checksums(checksums).open()) {
                for (ThrowingCallable call : List.<ThrowingCallable>of(
                        () -> store.store(KEY, CONTENT),
                        () -> store.createMultipartUpload(KEY, new PartLayout(10, 5 << 20), StoreOptions.DEFAULT))) {
                    BlobStoreException problem = catchThrowableOfType(BlobStoreException.class, call);

                    assertThat(problem.isRetryable()).isFalse();
                    assertThat(problem.getMessage().contains("set checksums=none"))
                            .as(problem.getMessage())
                            .isEqualTo(checksums == S3Checksums.CRC32C);
                }
            }
        }
    }

    /** Advice about them is given only if they are what is wrong. */
    @ParameterizedTest
    @CsvSource({
        "400, MalformedXML",
        "400, InvalidArgument",
        "400, ''",
        "404, NoSuchKey",
        "405, MethodNotAllowed",
        "409, BucketAlreadyExists",
        "411, MissingContentLength",
        "416, InvalidRange",
        "501, NotImplemented"
    })
    void otherErrorsSayNothingAboutRegionAndCredentials(int status, String code) throws IOException {
        Script refusing = Script.responding(status, code.isEmpty() ? "<html>no</html>" : ScriptedS3.error(code));
        try (ScriptedServer server = ScriptedServer.plain(refusing);
                BlobStore store = ScriptedS3.store(server).open()) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> store.head(KEY),
                    () -> store.list(ListOptions.DEFAULT),
                    () -> store.store(KEY, CONTENT),
                    () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)))) {
                assertThatThrownBy(call)
                        .isInstanceOf(BlobStoreException.class)
                        .isNotInstanceOf(PermissionDeniedException.class)
                        .hasMessageNotContainingAny("region", "credential", "checksums=none");
            }
        }
    }

    /** A response to HEAD says nothing about a customer key: a listing shows that all the rest is right. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBlobWithAnotherCustomerKeyIsReported(boolean hasKey) throws IOException {
        Script server = exchange -> {
            if (exchange.method().equals("HEAD")) {
                exchange.respondHead(400, 0);
            } else if (exchange.path().endsWith("/" + ScriptedS3.BUCKET)) {
                exchange.respond(200, "<ListBucketResult/>");
            } else {
                exchange.respond(
                        400,
                        "<Error><Code>InvalidRequest</Code><Message>"
                                + (hasKey
                                        ? "The encryption parameters are not applicable to this object."
                                        : "The object was stored using a form of Server Side Encryption. The correct"
                                                + " parameters must be provided to retrieve the object.")
                                + "</Message></Error>");
            }
        };
        try (ScriptedServer secure = ScriptedServer.secure(
                        TestAuthority.get().serverContext(TestAuthority.Identity.SERVER), server);
                BlobStore store = withKey(ScriptedS3.store(secure), hasKey).open()) {
            assertThatThrownBy(() -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining(
                            hasKey ? "not encrypted with the store's customer key" : "customer key (SSE-C); set");
            for (int i = 0; i < 2; i++) { // before the bucket is confirmed, and after
                assertThatThrownBy(() -> store.head(KEY))
                        .isInstanceOf(BlobStoreException.class)
                        .hasMessageContaining(hasKey ? "the store's customer key?" : "a customer key (SSE-C)?")
                        .hasMessageNotContainingAny("region", "credential");
            }
        }
    }

    @Test
    void aWrongCustomerKeyIsReported() throws IOException {
        try (ScriptedServer secure = ScriptedServer.secure(
                        TestAuthority.get().serverContext(TestAuthority.Identity.SERVER),
                        ScriptedS3.refusing(403, "AccessDenied"));
                BlobStore store = withKey(ScriptedS3.store(secure), true).open()) {
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> store.head(KEY), () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)))) {
                assertThatThrownBy(call)
                        .isInstanceOf(PermissionDeniedException.class)
                        .hasMessageContaining("encrypted with the store's customer key");
            }
        }
    }

    private static S3BlobStore.Builder withKey(S3BlobStore.Builder builder, boolean hasKey) {
        builder.trustManagers(TestAuthority.get().trustManagers());
        return hasKey ? builder.encryption(S3Encryption.customerKey(new byte[32])) : builder;
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
