package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.ResponseText;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import io.grpc.Status;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Translates statuses of gRPC into the exceptions of the contract, as if they were responses of the HTTP APIs. */
final class GrpcErrors {
    private GrpcErrors() {}

    /**
     * Translates a status other than OK.
     *
     * @param cause the exception that reports it, may be null
     */
    static BlobStoreException translate(
            ErrorTranslator errors, Operation operation, BlobKey key, Status status, @Nullable Exception cause) {
        Status.Code code = status.getCode();
        String description = String.valueOf(status.getDescription());
        if (isTemporary(code)) {
            return new BlobStoreException(operation, key, describe(status), cause, true);
        }
        if (code == Status.Code.RESOURCE_EXHAUSTED && description.contains("exceeds maximum size")) {
            return new BlobStoreException(operation, key, describe(status), cause, false); // gRPC refused a message
        }
        return errors.translate(
                operation, key, ErrorResponse.of(httpStatus(code), code.toString(), description), cause);
    }

    /** Returns whether a status means that the stream or connection failed, and that another one may succeed. */
    static boolean isTemporary(Status.Code code) {
        return switch (code) {
            case OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
            default -> false;
        };
    }

    /** Describes a status in one line. */
    static String describe(Status status) {
        String description = status.getDescription();
        Optional<Throwable> cause = Optional.ofNullable(status.getCause());
        return "the gRPC stream failed: " + status.getCode()
                + (description == null ? "" : ": " + ResponseText.line(description))
                + cause.map(problem -> " (" + ResponseText.line(String.valueOf(problem.getMessage())) + ")")
                        .orElse("");
    }

    /** Returns the status of HTTP that means the same (google.rpc.Code in code.proto). */
    private static int httpStatus(Status.Code code) {
        return switch (code) {
            case NOT_FOUND -> 404;
            case UNAUTHENTICATED -> 401;
            case PERMISSION_DENIED -> 403;
            case FAILED_PRECONDITION -> 412;
            case OUT_OF_RANGE -> 416;
            case ALREADY_EXISTS -> 409;
            case RESOURCE_EXHAUSTED -> 429;
            case UNIMPLEMENTED -> 501;
            default -> 400;
        };
    }
}
