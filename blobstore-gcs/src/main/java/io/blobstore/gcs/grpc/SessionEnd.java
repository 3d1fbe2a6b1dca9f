package io.blobstore.gcs.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.storage.v2.BidiReadHandle;
import com.google.storage.v2.BidiReadObjectError;
import com.google.storage.v2.BidiReadObjectRedirectedError;
import com.google.storage.v2.ReadRangeError;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a stream of the server ended.
 *
 * @param status the status of the stream; OK if the server closed it although ranges were missing
 * @param redirect where the server wants the next stream to be opened; empty if this is no redirect
 * @param refused the ranges that the server refused, by their ids, with their statuses
 */
record SessionEnd(Status status, Optional<Redirect> redirect, Map<Long, Status> refused) {
    /** What a redirect demands of the next stream. */
    record Redirect(Optional<String> routingToken, Optional<BidiReadHandle> handle) {}

    static SessionEnd of(Status status) {
        return new SessionEnd(status, Optional.empty(), Map.of());
    }

    /** Reads the details in the trailers of a stream. */
    static SessionEnd of(Status status, Metadata trailers) {
        com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
        Optional<Redirect> redirect = detail(details, BidiReadObjectRedirectedError.class)
                .map(error -> new Redirect(
                        error.hasRoutingToken() ? Optional.of(error.getRoutingToken()) : Optional.empty(),
                        error.hasReadHandle() ? Optional.of(error.getReadHandle()) : Optional.empty()));
        Map<Long, Status> refused = new HashMap<>();
        detail(details, BidiReadObjectError.class).ifPresent(error -> {
            for (ReadRangeError range : error.getReadRangeErrorsList()) {
                refused.put(
                        range.getReadId(),
                        Status.fromCodeValue(range.getStatus().getCode())
                                .withDescription(range.getStatus().getMessage()));
            }
        });
        return new SessionEnd(status, redirect, Map.copyOf(refused));
    }

    /** Returns a detail of a status; empty if it has none of that type. */
    static <M extends Message> Optional<M> detail(com.google.rpc.Status status, Class<M> type) {
        for (Any detail : status.getDetailsList()) {
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

    /**
     * Returns how the stream ended for one of its ranges: if the server refused others, that is no error of this one.
     */
    SessionEnd ofRange(long id) {
        if (refused.isEmpty()) {
            return this;
        }
        Status own = refused.get(id);
        return of(
                own != null
                        ? own
                        : Status.ABORTED.withDescription("the server ended the stream because of another range"));
    }

    /** Describes the end in one line. */
    @Override
    public String toString() {
        if (redirect.isPresent()) {
            return "the server redirects the gRPC stream";
        }
        return status.isOk() ? "the server closed the gRPC stream before the last byte" : GrpcErrors.describe(status);
    }
}
