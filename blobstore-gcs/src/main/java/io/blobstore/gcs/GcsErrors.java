package io.blobstore.gcs;

import com.google.auth.Retryable;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.ThrottledException;
import io.blobstore.http.Failures;
import io.blobstore.http.TransportException;
import io.blobstore.internal.concurrent.Interrupts;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong between here and GCS, as the contract's exceptions: our own requests' errors, and the SDK's. Only
 * codes and messages of the server get into messages: no header, no URL with a query.
 */
final class GcsErrors {
    private final String bucket;
    private final String endpoint;

    GcsErrors(String bucket, String endpoint) {
        this.bucket = bucket;
        this.endpoint = endpoint;
    }

    /** What an operation failed with, translated. */
    BlobStoreException translate(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<BlobStoreException> ours = Failures.cause(problem, BlobStoreException.class);
        if (ours.isPresent()) {
            return ours.get();
        }
        if (Interrupts.caused(problem)) {
            return Failures.interrupted(operation, key, problem);
        }
        Optional<ErrorResponse> answer = answer(problem);
        if (answer.isPresent()) {
            return translate(operation, key, answer.get(), problem);
        }
        Optional<TransportException> transport = Failures.cause(problem, TransportException.class);
        if (transport.isPresent()) {
            return Failures.translate(operation, key, transport.get(), "check the endpoint", problem);
        }
        Optional<Retryable> credentials = Failures.cause(problem, Retryable.class);
        if (credentials.isPresent() || isOfCredentials(problem)) {
            Throwable reason = (Throwable) credentials.map(Object.class::cast).orElse(problem);
            String said = Failures.message(reason);
            return credentials.filter(Retryable::isRetryable).isPresent()
                    ? new BlobStoreException(operation, key, "no access token is to be had: " + said, problem, true)
                    : new PermissionDeniedException(
                            operation,
                            key,
                            "the Google credentials give no valid access token (" + said
                                    + "); run 'gcloud auth application-default login', or set"
                                    + " GOOGLE_APPLICATION_CREDENTIALS to a valid key file",
                            problem);
        }
        boolean retryable = problem instanceof StorageException storage && storage.isRetryable();
        return new BlobStoreException(operation, key, Failures.message(problem), problem, retryable);
    }

    /**
     * Whether Google's authentication library threw it: a token that cannot be renewed is an IllegalStateException of
     * its.
     */
    static boolean isOfCredentials(Exception problem) {
        StackTraceElement[] stack = Failures.cause(problem, IllegalStateException.class)
                .map(Throwable::getStackTrace)
                .orElse(new StackTraceElement[0]);
        return stack.length > 0 && stack[0].getClassName().startsWith("com.google.auth.");
    }

    /** What the server answered, if a failure comes of that. */
    static Optional<ErrorResponse> answer(Throwable problem) {
        Optional<GcsFailure> own = Failures.cause(problem, GcsFailure.class);
        if (own.isPresent()) {
            return own.map(GcsFailure::error);
        }
        return Failures.cause(problem, StorageException.class)
                .filter(storage -> storage.getCode() > 0)
                .map(ErrorResponse::of);
    }

    /** The status of the server's answer that a failure comes of; 0 if it comes of none. */
    static int status(Throwable problem) {
        return answer(problem).map(ErrorResponse::status).orElse(0);
    }

    /** Whether a request may have been carried out although it failed. A 503 tells as little of that as a 500. */
    static boolean isOutcomeUnknown(BlobStoreException problem) {
        return problem.isRetryable()
                && answer(problem).filter(GcsErrors::isTurnedAway).isEmpty()
                && Failures.cause(problem, TransportException.class)
                        .filter(transport -> transport.kind() == TransportException.Kind.CONNECT)
                        .isEmpty();
    }

    // ---- what the server said

    /** Whether the server has seen too many requests to look at this one. */
    private static boolean isTurnedAway(ErrorResponse error) {
        return error.status() == 429 || error.is("SlowDown", "rateLimitExceeded", "userRateLimitExceeded");
    }

    private BlobStoreException translate(
            Operation operation, @Nullable BlobKey key, ErrorResponse error, Exception cause) {
        String said = " (" + error + ")";
        if (error.is("NoSuchBucket")
                || (error.status() == 404 && error.message().contains("bucket does not exist"))) {
            return new StoreNotFoundException(operation, key, noBucket() + said, cause);
        }
        if (error.is("BadDigest", "XGoogContentSHA256Mismatch")
                || (error.status() == 400 && error.message().contains("doesn't match calculated CRC32C"))) {
            return new IntegrityException(
                    operation, key, "the server received something else than was sent" + said, cause);
        }
        if (isTurnedAway(error) || error.is("ServiceUnavailable", "backendError") || error.status() == 503) {
            return new ThrottledException(
                    operation,
                    key,
                    "the server asks for fewer requests" + said,
                    error.retryAfter().orElse(null),
                    cause);
        }
        if (error.is("NoSuchUpload")) {
            return new BlobStoreException(
                    operation,
                    key,
                    "the upload is gone: somebody aborted it, or a lifecycle rule" + said,
                    cause,
                    false);
        }
        if (error.is("ResourceIsEncryptedWithCustomerEncryptionKey", "resourceIsEncryptedWithCustomerEncryptionKey")
                || error.is("CustomerEncryptionKeyIsIncorrect", "customerEncryptionKeyIsIncorrect")) {
            return new PermissionDeniedException(
                    operation, key, "it is encrypted with another customer key than the store has" + said, cause);
        }
        return byStatus(operation, key, error, said, cause);
    }

    private BlobStoreException byStatus(
            Operation operation, @Nullable BlobKey key, ErrorResponse error, String said, Exception cause) {
        return switch (error.status()) {
            case 401 ->
                new PermissionDeniedException(
                        operation,
                        key,
                        "the server does not accept the credentials; run 'gcloud auth application-default login', or set"
                                + " GOOGLE_APPLICATION_CREDENTIALS" + said,
                        cause);
            case 403 ->
                new PermissionDeniedException(
                        operation,
                        key,
                        "no permission in bucket '" + bucket + "'; check the account and its roles" + said,
                        cause);
            case 404 ->
                key == null
                        ? new StoreNotFoundException(operation, null, noBucket() + said, cause)
                        : new BlobNotFoundException(operation, key, cause);
            case 412 ->
                new PreconditionFailedException(
                        operation, key, "it is not the version that was asked for" + said, cause);
            default -> {
                boolean retryable = error.status() == 408 || (error.status() >= 500 && error.status() != 501);
                yield new BlobStoreException(operation, key, "the server failed or refused" + said, cause, retryable);
            }
        };
    }

    String noBucket() {
        return "there is no bucket '" + bucket + "' at " + endpoint + "; create it, or check name and endpoint";
    }
}
