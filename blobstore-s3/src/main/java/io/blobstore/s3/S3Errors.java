package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StorageFullException;
import io.blobstore.http.Causes;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import java.util.Optional;
import java.util.Set;
import javax.xml.stream.XMLStreamException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

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

    private final String bucket;
    private final String region;

    S3Errors(String bucket, String region, String endpoint) {
        super(bucket, endpoint, "check endpoint, region and bucket, or set pathStyle=true", THROTTLING);
        this.bucket = bucket;
        this.region = region;
    }

    // ---- the SDK's exceptions

    @Override
    protected boolean isTranslatable(RuntimeException problem) {
        return problem instanceof SdkException;
    }

    @Override
    protected boolean isAborted(Exception problem) {
        return Causes.find(problem, AbortedException.class).isPresent();
    }

    @Override
    protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
        return Causes.find(problem, AwsServiceException.class).map(S3ErrorResponse::of);
    }

    @Override
    protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
        String message = String.valueOf(problem.getMessage());
        if (message.contains("Unable to load credentials") || message.contains("Failed to load credentials")) {
            return new PermissionDeniedException(
                    operation,
                    key,
                    "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
                    problem);
        }
        if (Causes.find(problem, XMLStreamException.class).isPresent()) {
            return new BlobStoreException(
                    operation, key, "the server's response is cut off, or is not XML", problem, true);
        }
        boolean retryable = problem instanceof SdkException sdk && sdk.retryable();
        return new BlobStoreException(operation, key, message(problem), problem, retryable);
    }

    @Override
    public boolean wasRepeated(BlobStoreException problem) {
        return problem.getCause() instanceof SdkException sdk && sdk.numAttempts() != null && sdk.numAttempts() > 1;
    }

    /**
     * Returns whether a failed completion may have taken effect: then the upload is gone, or the condition fails
     * because of its own blob.
     *
     * @param unknownBefore whether an earlier completion of the same upload may have taken effect
     */
    boolean mayBeCompleted(BlobStoreException problem, boolean unknownBefore) {
        return code(problem).equals("NoSuchUpload")
                || ((unknownBefore || wasRepeated(problem))
                        && (problem instanceof PreconditionFailedException || isConflict(problem)));
    }

    // ---- error responses

    @Override
    protected Optional<BlobStoreException> translateCode(Failure failure) {
        ErrorResponse response = failure.response();
        if (isOtherRegion(response)) {
            String actual = response.bucketRegion().orElse("");
            return Optional.of(failure.storeNotFound(
                    actual.isEmpty()
                            ? "bucket '" + bucket + "' is not in region " + region + "; set region=…"
                            : "bucket '" + bucket + "' is in region " + actual + " and not in " + region
                                    + "; set region=" + actual));
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
            return Optional.of(failure.permissionDenied("the server refused the request; check that region " + region
                    + " is right, and that the credentials are valid and have not expired"));
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

    private boolean isOtherRegion(ErrorResponse response) {
        if (response.status() == 301
                || response.is("PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException")) {
            return true;
        }
        boolean aboutRegion = response.is("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError")
                || (response.status() == 400 && response.code().isEmpty());
        return aboutRegion
                && response.bucketRegion()
                        .filter(actual -> !actual.equals(region))
                        .isPresent();
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
