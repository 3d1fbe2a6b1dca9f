package io.blobstore.server.internal.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import io.blobstore.IntegrityException;
import io.blobstore.StorageFullException;
import io.blobstore.cas.CacheFullException;
import io.blobstore.server.internal.BadContentException;
import io.blobstore.server.internal.RemoteFailedException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Maps failures to the statuses of gRPC. What is the server's own fault is logged, and not told to the client. */
final class Statuses {
    private static final Logger LOG = LoggerFactory.getLogger(Statuses.class);
    private static final int RETRY_SECONDS = 10;

    private Statuses() {}

    /** Returns the exception that tells a client about a failure. */
    static StatusRuntimeException of(Throwable failure) {
        if (failure instanceof StatusRuntimeException known) {
            return known;
        }
        if (failure instanceof StatusException known) {
            return known.getStatus().asRuntimeException(known.getTrailers());
        }
        return StatusProto.toStatusRuntimeException(proto(failure));
    }

    /** Returns the status of a failure, for one blob among many. */
    static com.google.rpc.Status proto(Throwable failure) {
        if (failure instanceof CacheFullException || failure instanceof StorageFullException) {
            return status(Status.Code.RESOURCE_EXHAUSTED, message(failure)).toBuilder()
                    .addDetails(Any.pack(RetryInfo.newBuilder()
                            .setRetryDelay(Duration.newBuilder().setSeconds(RETRY_SECONDS))
                            .build()))
                    .build();
        }
        if (failure instanceof BadContentException || failure instanceof IllegalArgumentException) {
            return status(Status.Code.INVALID_ARGUMENT, message(failure));
        }
        if (failure instanceof IndexOutOfBoundsException) {
            return status(Status.Code.OUT_OF_RANGE, message(failure));
        }
        if (failure instanceof IntegrityException) {
            // The entry is gone: the next request is a miss.
            LOG.warn("content was damaged while it was read", failure);
            return status(Status.Code.DATA_LOSS, "the content was damaged, and has been removed");
        }
        if (failure instanceof RemoteFailedException) {
            return status(Status.Code.UNAVAILABLE, message(failure));
        }
        if (failure instanceof IllegalStateException) {
            LOG.info("a call ended with the cache: {}", message(failure));
            return status(Status.Code.UNAVAILABLE, "the server is stopping");
        }
        LOG.error("a call failed", failure);
        return status(Status.Code.INTERNAL, "the server failed; its log says why");
    }

    static com.google.rpc.Status status(Status.Code code, String message) {
        return com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage(message)
                .build();
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }
}
