package io.blobstore.server.internal.grpc;

import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.QueryWriteStatusRequest;
import com.google.bytestream.ByteStreamProto.QueryWriteStatusResponse;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.Digest;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.ContentRead;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;

/** Reads and writes blobs of any size, as they are or as zstd frames. */
final class ByteStreamService implements BindableService {
    private final CacheAccess cache;
    private final ServerLimits limits;
    private final Executor workers;

    /**
     * Creates the service.
     *
     * @param workers goes on with uploads that had to wait
     */
    ByteStreamService(CacheAccess cache, ServerLimits limits, Executor workers) {
        this.cache = cache;
        this.limits = limits;
        this.workers = workers;
    }

    @Override
    public ServerServiceDefinition bindService() {
        MethodDescriptor<ReadRequest, Piece> read = ByteStreamGrpc.getReadMethod().toBuilder(
                        ByteStreamGrpc.getReadMethod().getRequestMarshaller(), Piece.MARSHALLER)
                .setSchemaDescriptor(null)
                .build();
        return ServerServiceDefinition.builder(ByteStreamGrpc.SERVICE_NAME)
                .addMethod(read, ServerCalls.asyncServerStreamingCall(this::read))
                .addMethod(ByteStreamGrpc.getWriteMethod(), ServerCalls.asyncClientStreamingCall(this::write))
                .addMethod(
                        ByteStreamGrpc.getQueryWriteStatusMethod(), ServerCalls.asyncUnaryCall(this::queryWriteStatus))
                .build();
    }

    private void read(ReadRequest request, StreamObserver<Piece> observer) {
        ServerCallStreamObserver<Piece> response = (ServerCallStreamObserver<Piece>) observer;
        try {
            ResourceName name = ResourceName.ofRead(request.getResourceName());
            Digest digest = name.digest();
            long offset = request.getReadOffset();
            long limit = request.getReadLimit();
            if (limit < 0 || (limit > 0 && name.compressed())) {
                throw new IllegalArgumentException(
                        "a read limit is 0 or more bytes, and 0 for compressed blobs; got " + limit);
            }
            if (offset < 0 || offset > digest.size()) {
                throw Status.OUT_OF_RANGE
                        .withDescription("the offset " + offset + " is not inside the " + digest.size() + " bytes")
                        .asRuntimeException();
            }
            Optional<CachedContent> content = cache.open(digest);
            if (content.isEmpty()) {
                throw Status.NOT_FOUND
                        .withDescription("there is no blob " + digest)
                        .asRuntimeException();
            }
            long end = limit == 0 ? digest.size() : offset + Math.min(limit, digest.size() - offset);
            Messages<Piece> pieces = name.compressed()
                    ? CompressedPieces.open(content.get(), cache, offset)
                    : new PlainPieces(ContentRead.decoded(content.get(), cache.memory(), offset, end));
            Download.start(pieces, response, limits);
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    private StreamObserver<WriteRequest> write(StreamObserver<WriteResponse> response) {
        return new BlobUpload(cache, (ServerCallStreamObserver<WriteResponse>) response, workers);
    }

    /**
     * Says whether a blob is there. What an upload has sent before it broke is not kept, so that each upload starts at
     * 0.
     */
    private void queryWriteStatus(QueryWriteStatusRequest request, StreamObserver<QueryWriteStatusResponse> response) {
        try {
            ResourceName name = ResourceName.ofWrite(request.getResourceName());
            boolean complete = cache.cache().contains(name.digest());
            response.onNext(QueryWriteStatusResponse.newBuilder()
                    .setCommittedSize(complete ? BlobUpload.committedSize(name) : 0)
                    .setComplete(complete)
                    .build());
            response.onCompleted();
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }
}
