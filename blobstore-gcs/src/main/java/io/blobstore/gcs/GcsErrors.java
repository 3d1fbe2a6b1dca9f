package io.blobstore.gcs;

import com.google.auth.Retryable;
import com.google.cloud.storage.StorageException;
import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.ThrottledException;
import io.blobstore.http.TransportException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong between here and GCS, as the contract's exceptions: our own requests' errors, and the SDK's. Only codes and
 * messages of the server get into messages: no header, no URL with a query.
 */
final class GcsErrors {
    private static final int MAX_CAUSES = 20; // causes may go in circles

    private final String bucket;
    private final String endpoint;

    GcsErrors(String bucket, String endpoint) {
        this.bucket = bucket;
        this.endpoint = endpoint;
    }

    /** What an operation failed with, translated. */
    BlobStoreException translate(String operation, @Nullable BlobKey key, Exception problem) {
        Optional<BlobStoreException> ours = cause(problem, BlobStoreException.class);
        if (ours.isPresent()) {
            return ours.get();
        }
        if (carriesInterrupt(problem)) {
            Thread.currentThread().interrupt();
            return new BlobStoreException(
                    operation, key, "interrupted; whether the server did it is unknown", interrupt(problem), false);
        }
        Optional<ErrorAnswer> answer = answer(problem);
        if (answer.isPresent()) {
            return translate(operation, key, answer.get(), problem);
        }
        Optional<TransportException> transport = cause(problem, TransportException.class);
        if (transport.isPresent()) {
            return translate(operation, key, transport.get(), problem);
        }
        Optional<Retryable> credentials = cause(problem, Retryable.class);
        if (credentials.isPresent() || isOfCredentials(problem)) {
            Throwable reason = (Throwable) credentials.map(Object.class::cast).orElse(problem);
            String said = line(String.valueOf(reason.getMessage()));
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
        return new BlobStoreException(operation, key, line(String.valueOf(problem.getMessage())), problem, retryable);
    }

    /** Whether Google's authentication library threw it: a token that cannot be renewed is an IllegalStateException of its. */
    static boolean isOfCredentials(Exception problem) {
        StackTraceElement[] stack = cause(problem, IllegalStateException.class)
                .map(Throwable::getStackTrace)
                .orElse(new StackTraceElement[0]);
        return stack.length > 0 && stack[0].getClassName().startsWith("com.google.auth.");
    }

    /** What the server answered, if a failure comes of that. */
    static Optional<ErrorAnswer> answer(Throwable problem) {
        Optional<GcsFailure> own = cause(problem, GcsFailure.class);
        if (own.isPresent()) {
            return own.map(GcsFailure::error);
        }
        return cause(problem, StorageException.class)
                .filter(storage -> storage.getCode() > 0)
                .map(ErrorAnswer::of);
    }

    /** The status of the server's answer that a failure comes of; 0 if it comes of none. */
    static int status(Throwable problem) {
        return answer(problem).map(ErrorAnswer::status).orElse(0);
    }

    /** Whether a request may have been carried out although it failed. */
    static boolean isOutcomeUnknown(BlobStoreException problem) {
        return problem.isRetryable()
                && !(problem instanceof ThrottledException)
                && cause(problem, TransportException.class)
                        .filter(transport -> transport.kind() == TransportException.Kind.CONNECT)
                        .isEmpty();
    }

    // ---- what the server said

    private BlobStoreException translate(String operation, @Nullable BlobKey key, ErrorAnswer error, Exception cause) {
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
        if (error.is("SlowDown", "rateLimitExceeded", "userRateLimitExceeded", "ServiceUnavailable", "backendError")
                || error.status() == 429
                || error.status() == 503) {
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
            String operation, @Nullable BlobKey key, ErrorAnswer error, String said, Exception cause) {
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

    // ---- what came between

    private static BlobStoreException translate(
            String operation, @Nullable BlobKey key, TransportException problem, Exception cause) {
        String said = line(String.valueOf(problem.getMessage()));
        return switch (problem.kind()) {
            case UNKNOWN_HOST -> new BlobStoreException(operation, key, said + "; check the endpoint", cause, false);
            case CONNECT ->
                new BlobStoreException(operation, key, said + "; is it up, and the endpoint right?", cause, true);
            case PROXY -> new BlobStoreException(operation, key, said + "; check the proxy's settings", cause, false);
            case TLS, CANCELLED -> new BlobStoreException(operation, key, said, cause, false);
            case TIMEOUT, CLOSED, PROTOCOL -> new BlobStoreException(operation, key, said, cause, true);
        };
    }

    /** The problem, with a cause by which it is known for an interrupt. */
    private static Throwable interrupt(Throwable problem) {
        boolean known = problem instanceof ClosedByInterruptException || problem instanceof InterruptedIOException;
        return known ? problem : new InterruptedIOException("interrupted").initCause(problem);
    }

    private static boolean carriesInterrupt(Throwable problem) {
        return cause(problem, ClosedByInterruptException.class).isPresent()
                || cause(problem, InterruptedException.class).isPresent()
                || cause(problem, InterruptedIOException.class)
                        .filter(e -> !(e instanceof SocketTimeoutException))
                        .isPresent();
    }

    private static <T> Optional<T> cause(Throwable problem, Class<T> type) {
        int depth = 0;
        for (Throwable e = problem; e != null && depth < MAX_CAUSES; e = e.getCause(), depth++) {
            if (type.isInstance(e)) {
                return Optional.of(type.cast(e));
            }
        }
        return Optional.empty();
    }

    private static String line(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }
}
