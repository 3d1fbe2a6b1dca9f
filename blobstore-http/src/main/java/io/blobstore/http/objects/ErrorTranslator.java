package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.ThrottledException;
import io.blobstore.http.Causes;
import io.blobstore.http.ResponseText;
import io.blobstore.http.TransportException;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Translates failures of requests to a bucket into the exceptions of the contract. A backend adds the exceptions of its
 * SDK and the codes of its server. Thread-safe.
 *
 * <p>Messages contain codes, texts and request ids of the server, but no header field and no URL with a query.
 */
public abstract class ErrorTranslator {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    private final String bucket;
    private final String endpoint;
    private final String unknownHostRemedy;
    private final Set<String> throttlingCodes;

    /**
     * Creates a translator.
     *
     * @param endpoint the server's endpoint, for messages
     * @param unknownHostRemedy advice for an endpoint whose name has no address
     * @param throttlingCodes the codes by which the server rejects a request, without processing it, because of its
     *     load
     */
    protected ErrorTranslator(String bucket, String endpoint, String unknownHostRemedy, Set<String> throttlingCodes) {
        this.bucket = bucket;
        this.endpoint = endpoint;
        this.unknownHostRemedy = unknownHostRemedy;
        this.throttlingCodes = throttlingCodes;
    }

    // ---- added by backends with an SDK, or with error codes of their own

    /**
     * Returns whether an unchecked exception reports the failure of a request, as an SDK's exceptions do. None does by
     * default.
     */
    protected boolean isTranslatable(RuntimeException problem) {
        return false;
    }

    /** Returns the error response that an exception of the SDK, or one of its causes, reports. Empty by default. */
    protected Optional<ErrorResponse> sdkResponse(Throwable problem) {
        return Optional.empty();
    }

    /** Translates a failure that is neither an error response nor one of the transport. Not retryable by default. */
    protected BlobStoreException translateOther(Operation operation, @Nullable BlobKey key, Exception problem) {
        return new BlobStoreException(operation, key, message(problem), problem, false);
    }

    /** Translates codes that are specific to this server; returns empty for others, and by default. */
    protected Optional<BlobStoreException> translateCode(Failure failure) {
        return Optional.empty();
    }

    // ---- added by each backend

    /** Translates statuses that have a specific meaning for this server; returns empty for others. */
    protected abstract Optional<BlobStoreException> translateStatus(Failure failure);

    /** Returns whether the server reports that it received different content. */
    protected abstract boolean isCorruption(ErrorResponse response);

    /** Returns advice for a missing permission, as the object of "check". */
    protected abstract String permissionRemedy();

    /** Returns whether the SDK reports an interrupt of the thread by an exception of its own. */
    protected boolean isAborted(Exception problem) {
        return false;
    }

    /** Returns whether the server rejected a request because of a concurrent one for the same blob. */
    protected boolean isConflict(BlobStoreException problem) {
        return false;
    }

    // ---- translation

    /**
     * Translates the failure of an operation. If an interrupt caused it, the thread's interrupt status is set again.
     */
    public final BlobStoreException translate(Operation operation, @Nullable BlobKey key, Exception problem) {
        Optional<BlobStoreException> translated = Causes.find(problem, BlobStoreException.class);
        if (translated.isPresent()) {
            return translated.get();
        }
        boolean interrupted = Interrupts.caused(problem);
        if (interrupted || isAborted(problem)) {
            Thread.currentThread().interrupt();
            // Callers that do not know the SDK recognize an interrupt by the cause.
            Throwable cause = interrupted ? problem : new InterruptedIOException("interrupted").initCause(problem);
            return new BlobStoreException(
                    operation, key, "interrupted; whether the server did it is unknown", cause, false);
        }
        Optional<ErrorResponse> response = response(problem);
        if (response.isPresent()) {
            return translate(operation, key, response.get(), problem);
        }
        return Causes.find(problem, TransportException.class)
                .map(transport -> translate(operation, key, transport, problem))
                .orElseGet(() -> translateOther(operation, key, problem));
    }

    private BlobStoreException translate(
            Operation operation, @Nullable BlobKey key, TransportException problem, Exception cause) {
        String message = message(problem);
        return switch (problem.kind()) {
            case UNKNOWN_HOST ->
                new BlobStoreException(operation, key, message + "; " + unknownHostRemedy, cause, false);
            case CONNECT ->
                new BlobStoreException(operation, key, message + "; is it up, and the endpoint right?", cause, true);
            case PROXY ->
                new BlobStoreException(operation, key, message + "; check the proxy's settings", cause, false);
            case TLS, CANCELLED -> new BlobStoreException(operation, key, message, cause, false);
            case TIMEOUT, CLOSED, PROTOCOL -> new BlobStoreException(operation, key, message, cause, true);
        };
    }

    /** Translates an error response; {@code cause} is null if the error is part of a successful response. */
    public final BlobStoreException translate(
            Operation operation, @Nullable BlobKey key, ErrorResponse response, @Nullable Exception cause) {
        Failure failure = new Failure(operation, key, response, cause);
        return translateCode(failure)
                .or(() -> byCode(failure))
                .or(() -> translateStatus(failure))
                .orElseGet(() -> byStatus(failure));
    }

    private Optional<BlobStoreException> byCode(Failure failure) {
        ErrorResponse response = failure.response();
        if (response.is("NoSuchBucket")) {
            return Optional.of(failure.storeNotFound(noBucket()));
        }
        if (isCorruption(response)) {
            return Optional.of(new IntegrityException(
                    failure.operation(),
                    failure.key(),
                    failure.describe("the server received something else than was sent"),
                    failure.cause()));
        }
        if (isThrottled(response) || isBusy(response)) {
            return Optional.of(new ThrottledException(
                    failure.operation(),
                    failure.key(),
                    failure.describe("the server throttles; send fewer requests"),
                    response.retryAfter().orElse(null),
                    failure.cause()));
        }
        if (response.is("NoSuchUpload")) {
            return Optional.of(
                    failure.other("the upload is gone: it was aborted, or removed by a lifecycle rule", false));
        }
        return Optional.empty();
    }

    private BlobStoreException byStatus(Failure failure) {
        int status = failure.response().status();
        if (ErrorResponse.isRedirect(status)) {
            String host =
                    failure.response().redirectHost().map(name -> " to " + name).orElse("");
            return failure.other(
                    "the server redirects (HTTP " + status + host + "), which is not followed; check the endpoint",
                    false);
        }
        return switch (status) {
            case 401, 403 ->
                failure.permissionDenied("no permission in bucket '" + bucket + "'; check " + permissionRemedy());
            case 412 ->
                new PreconditionFailedException(
                        failure.operation(),
                        failure.key(),
                        failure.describe("it is not the expected version"),
                        failure.cause());
            default -> failure.other("the server failed or refused", status == 408 || (status >= 500 && status != 501));
        };
    }

    /** Returns the message for a bucket that does not exist. */
    public final String noBucket() {
        return "there is no bucket '" + bucket + "' at " + endpoint + "; create it, or check name and endpoint";
    }

    /** Returns the message of an exception in one line. */
    protected static String message(Throwable problem) {
        return ResponseText.withoutControls(String.valueOf(problem.getMessage()));
    }

    /**
     * An error response to a request.
     *
     * @param cause null if the error is part of a successful response
     */
    protected record Failure(
            Operation operation,
            @Nullable BlobKey key,
            ErrorResponse response,
            @Nullable Exception cause) {
        /** Appends the server's code, message and request id to a message. */
        public String describe(String problem) {
            return problem + " (" + response
                    + response.requestId().map(id -> "; request " + id).orElse("") + ")";
        }

        /** Returns the exception for missing or wrong credentials. */
        public PermissionDeniedException permissionDenied(String problem) {
            return new PermissionDeniedException(operation, key, describe(problem), cause);
        }

        /** Returns the exception for a bucket that does not exist. */
        public StoreNotFoundException storeNotFound(String problem) {
            return new StoreNotFoundException(operation, key, describe(problem), cause);
        }

        /** Returns an exception without a more specific type. */
        public BlobStoreException other(String problem, boolean retryable) {
            return new BlobStoreException(operation, key, describe(problem), cause, retryable);
        }
    }

    // ---- classification

    /** Returns the error response that a failure reports; empty if there was none. */
    public final Optional<ErrorResponse> response(Throwable problem) {
        return Causes.find(problem, RefusedRequestException.class)
                .map(RefusedRequestException::response)
                .or(() -> sdkResponse(problem));
    }

    /** Returns the status of the error response that a failure reports; 0 if there was none. */
    public final int status(Throwable problem) {
        return response(problem).map(ErrorResponse::status).orElse(0);
    }

    /** Returns the code of the error response that a failure reports; empty if there was none. */
    public final String code(Throwable problem) {
        return response(problem).map(ErrorResponse::code).orElse("");
    }

    private boolean isThrottled(ErrorResponse response) {
        return response.status() == TOO_MANY_REQUESTS || throttlingCodes.contains(response.code());
    }

    /**
     * Returns whether the server is overloaded, though it may have carried out the request: 503 means that, whatever
     * the code (RFC 9110, 15.6.4). An error in the body of another response has only a code; two are of MinIO.
     */
    private static boolean isBusy(ErrorResponse response) {
        return response.status() == UNAVAILABLE
                || response.is("ServiceUnavailable", "backendError", "SlowDownRead", "SlowDownWrite");
    }

    /**
     * Returns whether a failed request may have been carried out. Among retryable failures, these are certain not to
     * have been: throttled requests, conflicts, and those without a connection. A status of 503 is as ambiguous as 500.
     */
    public final boolean isOutcomeUnknown(BlobStoreException problem) {
        boolean notCarriedOut = response(problem).filter(this::isThrottled).isPresent()
                || isConflict(problem)
                || Causes.find(problem, TransportException.class, e -> e.kind() == TransportException.Kind.CONNECT)
                        .isPresent();
        return problem.isRetryable() && !notCarriedOut;
    }

    /** Returns whether a request was sent, but not answered by the server itself. */
    boolean isUnanswered(BlobStoreException problem) {
        int status = status(problem);
        return isOutcomeUnknown(problem) && (status == 0 || status == BAD_GATEWAY || status == GATEWAY_TIMEOUT);
    }

    /** Returns whether the server did not answer in time. */
    static boolean isTimeout(BlobStoreException problem) {
        return Causes.find(problem, TransportException.class, e -> e.kind() == TransportException.Kind.TIMEOUT)
                .isPresent();
    }

    /** Returns whether the server did not respond, other than by closing the connection: then one wait is enough. */
    static boolean isUnresponsive(BlobStoreException problem) {
        return Causes.find(problem, TransportException.class, e -> e.kind() != TransportException.Kind.CLOSED)
                .isPresent();
    }
}
