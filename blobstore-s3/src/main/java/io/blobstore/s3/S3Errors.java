package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StorageFullException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.ThrottledException;
import io.blobstore.http.Failures;
import io.blobstore.http.TransportException;
import io.blobstore.internal.concurrent.Interrupts;
import java.util.Optional;
import java.util.Set;
import javax.xml.stream.XMLStreamException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * What goes wrong between here and S3, as the contract's exceptions: our own requests' errors, and the SDK's.
 *
 * <p>Only codes, messages and request ids of the server get into messages: no header, no URL with a query.
 */
final class S3Errors {
    private static final Set<String> THROTTLING =
            Set.of("SlowDown", "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequests");
    private static final String REMEDY_FOR_NAMES = "check endpoint, region and bucket, or set pathStyle=true";

    private final String bucket;
    private final String region;
    private final String endpoint;

    S3Errors(String bucket, String region, String endpoint) {
        this.bucket = bucket;
        this.region = region;
        this.endpoint = endpoint;
    }

    /** What an operation failed with, translated. */
    BlobStoreException translate(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<BlobStoreException> ours = Failures.cause(problem, BlobStoreException.class);
        if (ours.isPresent()) {
            return ours.get();
        }
        if (Interrupts.caused(problem)
                || Failures.cause(problem, AbortedException.class).isPresent()) {
            return Failures.interrupted(operation, key, problem);
        }
        if (problem instanceof S3Failure failure) {
            return translate(operation, key, failure.error(), problem);
        }
        if (problem instanceof AwsServiceException service) {
            return translate(operation, key, ErrorResponse.of(service), problem);
        }
        Optional<TransportException> transport = Failures.cause(problem, TransportException.class);
        if (transport.isPresent()) {
            return Failures.translate(operation, key, transport.get(), REMEDY_FOR_NAMES, problem);
        }
        String message = String.valueOf(problem.getMessage());
        if (message.contains("Unable to load credentials") || message.contains("Failed to load credentials")) {
            return new PermissionDeniedException(
                    operation,
                    key,
                    "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
                    problem);
        }
        if (Failures.cause(problem, XMLStreamException.class).isPresent()) {
            return new BlobStoreException(operation, key, "the server's answer is cut off, or no XML", problem, true);
        }
        boolean retryable = problem instanceof SdkException sdk && sdk.retryable();
        return new BlobStoreException(operation, key, Failures.message(problem), problem, retryable);
    }

    /** Whether a request failed before there was a connection to send it over. */
    static boolean isUnconnected(BlobStoreException problem) {
        return Failures.cause(problem, TransportException.class, e -> e.kind() == TransportException.Kind.CONNECT)
                .isPresent();
    }

    /** The code of the server's answer that a failure comes of; empty if it comes of none. */
    static String code(Throwable problem) {
        Optional<S3Failure> own = Failures.cause(problem, S3Failure.class);
        if (own.isPresent()) {
            return own.get().error().code();
        }
        return Failures.cause(problem, AwsServiceException.class)
                .map(service -> ErrorResponse.of(service).code())
                .orElse("");
    }

    /** The status of the server's answer that a failure comes of; 0 if it comes of none. */
    static int status(Throwable problem) {
        Optional<S3Failure> own = Failures.cause(problem, S3Failure.class);
        if (own.isPresent()) {
            return own.get().error().status();
        }
        return Failures.cause(problem, AwsServiceException.class)
                .map(AwsServiceException::statusCode)
                .orElse(0);
    }

    /** Whether a request failed because the server has seen too many to look at this one. */
    static boolean isTurnedAway(BlobStoreException problem) {
        return isTurnedAway(status(problem), code(problem));
    }

    private static boolean isTurnedAway(int status, String code) {
        return status == 429 || THROTTLING.contains(code);
    }

    // ---- what the server said

    /** The error of one key in an answer that is a success as a whole. */
    BlobStoreException translate(
            Operation operation, @Nullable BlobKey key, ErrorResponse error, @Nullable Exception cause) {
        String said =
                " (" + error + error.requestId().map(id -> "; request " + id).orElse("") + ")";
        if (isElsewhere(error)) {
            String where = error.bucketRegion().orElse("");
            return new StoreNotFoundException(
                    operation,
                    key,
                    where.isEmpty()
                            ? "bucket '" + bucket + "' is not in region " + region + "; set region=…" + said
                            : "bucket '" + bucket + "' is in region " + where + " and not in " + region
                                    + "; set region=" + where + said,
                    cause);
        }
        if (error.is("NoSuchBucket")) {
            return new StoreNotFoundException(operation, key, noBucket() + said, cause);
        }
        if (error.is(
                "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthFailure", "XAdminUserNotFound")) {
            return new PermissionDeniedException(
                    operation,
                    key,
                    "the AWS credentials are wrong; check access key, secret key and token" + said,
                    cause);
        }
        if (error.is("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")) {
            return new PermissionDeniedException(
                    operation, key, "the AWS credentials have expired; get new ones" + said, cause);
        }
        if (error.is("RequestTimeTooSkewed")) {
            return new PermissionDeniedException(
                    operation, key, "this machine's clock is wrong; set it right" + said, cause);
        }
        if (error.is("BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest")) {
            return new IntegrityException(
                    operation, key, "the server received something else than was sent" + said, cause);
        }
        if (isTurnedAway(error.status(), error.code()) || error.status() == 503) {
            return new ThrottledException(
                    operation,
                    key,
                    "the server asks for fewer requests" + said,
                    error.retryAfter().orElse(null),
                    cause);
        }
        if (error.is("QuotaExceeded", "XMinioStorageFull", "XMinioStorageQuotaExceeded") || error.status() == 507) {
            return new StorageFullException(
                    operation, key, "no room in bucket '" + bucket + "'; free some, or raise its quota" + said, cause);
        }
        if (error.is("NoSuchUpload")) {
            return new BlobStoreException(
                    operation,
                    key,
                    "the upload is gone: somebody aborted it, or a lifecycle rule" + said,
                    cause,
                    false);
        }
        return byStatus(operation, key, error, said, cause);
    }

    private BlobStoreException byStatus(
            Operation operation, @Nullable BlobKey key, ErrorResponse error, String said, @Nullable Exception cause) {
        switch (error.status()) {
            case 400 -> {
                if (error.code().isEmpty()) { // as answers to HEAD are
                    return new PermissionDeniedException(
                            operation,
                            key,
                            "the server refuses the request; is region " + region
                                    + " right, and are the credentials, and have not expired?" + said,
                            cause);
                }
            }
            case 401, 403 -> {
                return new PermissionDeniedException(
                        operation,
                        key,
                        "no permission in bucket '" + bucket + "'; check credentials and policies" + said,
                        cause);
            }
            case 404 -> {
                if (key != null && (error.code().isEmpty() || error.is("NoSuchKey", "NotFound", "NoSuchVersion"))) {
                    return new BlobNotFoundException(operation, key, cause);
                }
            }
            case 409 -> {
                if (error.is("ConditionalRequestConflict", "OperationAborted")) {
                    return new BlobStoreException(
                            operation, key, "another request changes the same blob" + said, cause, true);
                }
            }
            case 412 -> {
                return new PreconditionFailedException(
                        operation, key, "it is not the version that was asked for" + said, cause);
            }
            default -> {
                // the status alone says nothing more
            }
        }
        boolean retryable = error.status() == 408
                || (error.status() >= 500 && error.status() != 501)
                || error.is("RequestTimeout", "InternalError");
        return new BlobStoreException(operation, key, "the server failed or refused" + said, cause, retryable);
    }

    private boolean isElsewhere(ErrorResponse error) {
        if (error.status() == 301
                || error.is("PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException")) {
            return true;
        }
        boolean aboutRegion = error.is("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError")
                || (error.status() == 400 && error.code().isEmpty());
        return aboutRegion
                && error.bucketRegion().filter(where -> !where.equals(region)).isPresent();
    }

    String noBucket() {
        return "there is no bucket '" + bucket + "' at " + endpoint + "; create it, or check name and endpoint";
    }
}
