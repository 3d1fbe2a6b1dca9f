package io.blobstore.gcs.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.http.ResponseText;
import io.blobstore.http.objects.ErrorResponse;
import io.blobstore.http.objects.ErrorTranslator;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;

/** Reads the statuses with which calls of gRPC end. */
final class GrpcErrors {
    private GrpcErrors() {}

    /** Returns whether another attempt may succeed; OK is a stream that the server closed too early. */
    static boolean isTemporary(Status status) {
        return switch (status.getCode()) {
            case OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
            default -> false;
        };
    }

    /** Translates a status into the exception that the same error has over HTTP. */
    static BlobStoreException translate(ErrorTranslator errors, Operation operation, BlobKey key, Status status) {
        if (isTemporary(status)) {
            return new BlobStoreException(operation, key, describe(status), status.getCause(), true);
        }
        ErrorResponse response = ErrorResponse.of(
                httpStatus(status.getCode()), status.getCode().toString(), String.valueOf(status.getDescription()));
        return errors.translate(operation, key, response, status.asRuntimeException());
    }

    /** Describes a status in one line. */
    static String describe(Status status) {
        if (status.isOk()) {
            return "the server closed the gRPC stream too early";
        }
        String description = status.getDescription();
        return "the gRPC stream failed: " + status.getCode()
                + (description == null ? "" : ": " + ResponseText.line(description));
    }

    /** Returns a detail of an error; empty if the error has none of that type. */
    static <M extends Message> Optional<M> detail(Status status, Metadata trailers, Class<M> type) {
        for (Any detail : StatusProto.fromStatusAndTrailers(status, trailers).getDetailsList()) {
            if (detail.is(type)) {
                try {
                    return Optional.of(detail.unpack(type));
                } catch (InvalidProtocolBufferException e) {
                    return Optional.empty(); // the status itself is the error then
                }
            }
        }
        return Optional.empty();
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
