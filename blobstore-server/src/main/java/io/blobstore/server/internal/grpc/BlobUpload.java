package io.blobstore.server.internal.grpc;

import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import com.google.protobuf.ByteString;
import io.blobstore.cas.Digest;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.Upload;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload of a blob. The next message is asked for when the last one was written, so that a client which is faster
 * than the disk waits. Nothing is kept unless all of it has arrived and was verified.
 *
 * <pre>
 * NAMELESS ─first message► EXISTING: answered at once
 *                     └──► WRITING ─finish_write► committed and answered
 *                             └── failure, cancellation, end without finish_write ► discarded
 * </pre>
 *
 * <p>The calls of gRPC come one after the other; not thread-safe.
 */
final class BlobUpload implements StreamObserver<WriteRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(BlobUpload.class);

    private final CacheAccess cache;
    private final ServerCallStreamObserver<WriteResponse> response;

    private String name = "";
    private @Nullable ResourceName resource;
    private @Nullable Upload upload;

    /** The bytes that have arrived: compressed ones if the upload is compressed. */
    private long received;

    private boolean ended;

    BlobUpload(CacheAccess cache, ServerCallStreamObserver<WriteResponse> response) {
        this.cache = cache;
        this.response = response;
        response.disableAutoRequest();
        response.request(1);
        response.setOnCancelHandler(this::discard);
    }

    /** Returns the size that the API gives to a complete upload. */
    static long committedSize(ResourceName resource) {
        return resource.compressed() ? -1 : resource.digest().size();
    }

    @Override
    public void onNext(WriteRequest request) {
        if (ended) {
            return; // what was on its way when the call was answered
        }
        try {
            ResourceName target = resource == null ? begin(request) : same(request, resource);
            if (ended) {
                return;
            }
            write(request);
            if (request.getFinishWrite()) {
                commit(target);
            } else {
                response.request(1);
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    private ResourceName begin(WriteRequest request) throws IOException {
        name = request.getResourceName();
        ResourceName target = ResourceName.ofWrite(name);
        Digest digest = target.digest();
        resource = target;
        if (cache.cache().contains(digest)) {
            answer(cache.uploaded(digest), committedSize(target));
            return target;
        }
        if (request.getWriteOffset() != 0) {
            throw Status.OUT_OF_RANGE
                    .withDescription("uploads cannot be resumed: write from offset 0")
                    .asRuntimeException();
        }
        upload = cache.upload(digest, target.compressed());
        return target;
    }

    private ResourceName same(WriteRequest request, ResourceName target) {
        if (!request.getResourceName().isEmpty() && !request.getResourceName().equals(name)) {
            throw new IllegalArgumentException("one call writes one resource, " + name);
        }
        if (request.getWriteOffset() != received) {
            throw new IllegalArgumentException(
                    "the next byte is at offset " + received + "; got " + request.getWriteOffset());
        }
        return target;
    }

    private void write(WriteRequest request) throws IOException {
        ByteString data = request.getData();
        received += data.size();
        for (ByteBuffer piece : data.asReadOnlyByteBufferList()) {
            if (upload != null) {
                upload.write(piece);
            }
        }
    }

    private void commit(ResourceName target) throws IOException {
        long committed = target.compressed() ? received : target.digest().size();
        CompletableFuture<Void> done = upload == null ? CompletableFuture.completedFuture(null) : upload.finish();
        answer(done, committed);
    }

    /** Answers when a remote cache has the blob, too, if it has to have it before. */
    private void answer(CompletableFuture<Void> done, long committed) {
        discard(); // nothing of it is needed any more
        Later.respond(
                done,
                nothing ->
                        WriteResponse.newBuilder().setCommittedSize(committed).build(),
                response);
    }

    private void fail(Throwable failure) {
        discard();
        response.onError(Statuses.of(failure));
    }

    /** The client cancelled the call, or its connection broke. */
    @Override
    public void onError(Throwable failure) {
        discard();
    }

    @Override
    public void onCompleted() {
        if (!ended) {
            fail(Status.INVALID_ARGUMENT
                    .withDescription("the call ended without finish_write, after " + received + " bytes")
                    .asRuntimeException());
        }
    }

    /** Releases everything; what was not committed is gone. Idempotent. */
    private void discard() {
        ended = true;
        if (upload != null) {
            try {
                upload.close();
            } catch (IOException e) {
                LOG.warn("an upload of {} was not discarded", name, e);
            }
            upload = null;
        }
    }
}
