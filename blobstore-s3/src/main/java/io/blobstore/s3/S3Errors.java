package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.StorageFullException;
import io.blobstore.http.Causes;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.stream.XMLStreamException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Translates the failures of requests to S3: the error codes of S3 and compatible servers, and the SDK's exceptions.
 */
final class S3Errors extends ErrorTranslator {
    /** The codes that the AWS SDK knows (AwsErrorCode), without those of databases, and TooManyRequests of others. */
    private static final Set<String> THROTTLING = Set.of(
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "TooManyRequests",
            "TooManyRequestsException");

    /** What the messages of servers that do not know checksums, or their header fields, have in common. */
    private static final Pattern ABOUT_CHECKSUMS = Pattern.compile("(?i)checksum|crc32c|content-?md5|trailer");

    /** Some compatible servers name the region in the message alone: "the region 'a' is wrong; expecting 'b'". */
    private static final Pattern EXPECTED_REGION = Pattern.compile("expecting '([a-z0-9-]{1,64})'");

    private final String bucket;
    private final String region;
    private final boolean keepsChecksums;
    private final boolean hasCustomerKey;

    S3Errors(S3Settings settings, String region, String endpoint) {
        super(settings.bucket(), endpoint, "check endpoint, region and bucket, or set pathStyle=true", THROTTLING);
        this.bucket = settings.bucket();
        this.region = region;
        keepsChecksums = settings.keepsChecksums();
        hasCustomerKey = settings.encryption().orElse(null) instanceof S3Encryption.CustomerKey;
    }

    // ---- the SDK's exceptions

    @Override
    protected boolean isTranslatable(RuntimeException problem) {
        return problem instanceof SdkException
                || CredentialProblems.describe(problem).isPresent();
    }

    @Override
    protected boolean isAborted(Exception problem) {
        return Causes.find(problem, AbortedException.class).isPresent();
    }

    @Override
    protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
        return Causes.find(problem, S3Exception.class).map(S3ErrorResponse::of);
    }

    @Override
    protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<String> credentials = CredentialProblems.describe(problem);
        if (credentials.isPresent()) {
            return CredentialProblems.mayPass(problem)
                    ? new BlobStoreException(operation, key, credentials.get(), problem, true)
                    : new PermissionDeniedException(operation, key, credentials.get(), problem);
        }
        if (Causes.find(problem, XMLStreamException.class).isPresent()) {
            return new BlobStoreException(
                    operation, key, "the server's response is cut off, or is not XML", problem, true);
        }
        boolean retryable = problem instanceof SdkException sdk && sdk.retryable();
        return new BlobStoreException(operation, key, message(problem), problem, retryable);
    }

    /** Returns whether a request failed because its multipart upload no longer exists. */
    boolean isUploadGone(BlobStoreException problem) {
        return code(problem).equals("NoSuchUpload");
    }

    // ---- error responses

    @Override
    protected Optional<BlobStoreException> translateCode(Failure failure) {
        ErrorResponse response = failure.response();
        Optional<BlobStoreException> elsewhere = elsewhere(failure);
        if (elsewhere.isPresent()) {
            return elsewhere;
        }
        if (response.is(
                "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthFailure", "XAdminUserNotFound")) {
            return Optional.of(
                    failure.permissionDenied("the AWS credentials are wrong; check access key, secret key and token"));
        }
        if (response.is("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")) {
            return Optional.of(failure.permissionDenied("the AWS credentials have expired; get new ones"));
        }
        if (response.is("RequestTimeTooSkewed")) {
            return Optional.of(failure.permissionDenied("this machine's clock is wrong; correct it"));
        }
        if (response.is("InvalidObjectState")) {
            return Optional.of(failure.other("the blob is archived; restore it first", false));
        }
        if (isAboutCustomerKey(response)) {
            return Optional.of(failure.permissionDenied(
                    hasCustomerKey
                            ? "the blob is not encrypted with the store's customer key"
                            : "the blob is encrypted with a customer key (SSE-C); set S3BlobStore.Builder.encryption to"
                                    + " that key"));
        }
        if (keepsChecksums && isAboutChecksums(response)) {
            return Optional.of(
                    failure.other("the server does not know CRC32C checksums; set checksums=none for it", false));
        }
        if (response.is("QuotaExceeded", "XMinioStorageFull", "XMinioStorageQuotaExceeded")
                || response.status() == 507) {
            return Optional.of(new StorageFullException(
                    failure.operation(),
                    failure.key(),
                    failure.describe("bucket '" + bucket + "' is full; free some space, or raise its quota"),
                    failure.cause()));
        }
        return Optional.empty();
    }

    @Override
    protected Optional<BlobStoreException> translateStatus(Failure failure) {
        ErrorResponse response = failure.response();
        boolean unexplained = response.code().isEmpty(); // as in responses to HEAD
        BlobKey key = failure.key();
        if (response.status() == 400 && unexplained) {
            return Optional.of(
                    failure.other("the server refused the request without a reason" + customerKeyHint(key), false));
        }
        if (response.status() == 403 && key != null && hasCustomerKey && (unexplained || response.is("AccessDenied"))) {
            return Optional.of(failure.permissionDenied("no permission in bucket '" + bucket + "'; check "
                    + permissionRemedy() + ", and whether the blob is encrypted with the store's customer key"));
        }
        if (response.status() == 404
                && key != null
                && (unexplained || response.is("NoSuchKey", "NotFound", "NoSuchVersion"))) {
            return Optional.of(new BlobNotFoundException(failure.operation(), key, failure.cause()));
        }
        if (response.status() == 409 && response.is("ConditionalRequestConflict", "OperationAborted")) {
            return Optional.of(failure.other("another request is changing the same blob", true));
        }
        boolean mayPass = response.is("RequestTimeout", "InternalError");
        return mayPass ? Optional.of(failure.other("the server failed or refused", true)) : Optional.empty();
    }

    private String customerKeyHint(@Nullable BlobKey key) {
        if (key == null) {
            return "";
        }
        return hasCustomerKey
                ? "; is the blob encrypted with the store's customer key?"
                : "; is the blob encrypted with a customer key (SSE-C)? It is read with that key only";
    }

    /** Translates an error that refers to another region or endpoint. */
    private Optional<BlobStoreException> elsewhere(Failure failure) {
        ErrorResponse response = failure.response();
        boolean redirect = response.is("PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException");
        boolean signature = response.is("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError");
        boolean unexplained =
                response.code().isEmpty() && (response.status() == 400 || ErrorResponse.isRedirect(response.status()));
        if (!redirect && !signature && !unexplained) {
            return Optional.empty();
        }
        String actual =
                response.bucketRegion().or(() -> expectedRegion(response)).orElse("");
        if (!actual.isEmpty() && !actual.equals(region)) {
            return Optional.of(failure.storeNotFound("bucket '" + bucket + "' is in region " + actual + " and not in "
                    + region + "; set region=" + actual));
        }
        if (signature) {
            return Optional.of(
                    failure.permissionDenied("the server does not accept the signature; check region and access key"));
        }
        if (!redirect) {
            return Optional.empty();
        }
        String host = response.redirectHost().map(name -> " (" + name + ")").orElse("");
        return Optional.of(failure.storeNotFound(
                actual.isEmpty()
                        ? "bucket '" + bucket + "' is not in region " + region + host + "; set region=…"
                        : "bucket '" + bucket + "' has another endpoint in region " + region + host
                                + "; check endpoint and pathStyle"));
    }

    private static Optional<String> expectedRegion(ErrorResponse response) {
        Matcher expected = EXPECTED_REGION.matcher(response.message());
        return expected.find() ? Optional.of(expected.group(1)) : Optional.empty();
    }

    private static boolean isAboutCustomerKey(ErrorResponse response) {
        return response.status() == 400
                && (response.message().contains("stored using a form of Server Side Encryption")
                        || response.message().contains("encryption parameters are not applicable"));
    }

    private boolean isAboutChecksums(ErrorResponse response) {
        boolean unknown = response.is("NotImplemented", "InvalidArgument", "InvalidRequest", "UnsupportedHeader")
                || (response.code().isEmpty() && response.status() == 501);
        return unknown && ABOUT_CHECKSUMS.matcher(response.message()).find();
    }

    @Override
    protected boolean isCorruption(ErrorResponse response) {
        return response.is("BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest");
    }

    @Override
    protected boolean isConflict(BlobStoreException problem) {
        return status(problem) == 409;
    }

    @Override
    protected String permissionRemedy() {
        return "credentials and policies";
    }
}
