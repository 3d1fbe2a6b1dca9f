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
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upload of a blob. The next message is asked for when the last one was written, so that a client which is faster
 * than the disk waits. Nothing is kept unless all of it has arrived and was verified.
 *
 * <pre>
 * NAMELESS ─first message► EXISTING: answered at once
 *                     └──► WAITING for its turn, unless the message is the last one
 *                             └──► WRITING ─finish_write► committed and answered
 *                             └─────┴── failure, cancellation, end without finish_write ► discarded
 * </pre>
 *
 * <p>The calls of gRPC come one after the other. What follows a wait runs on a worker: thread-safe for its sake.
 */
final class BlobUpload implements StreamObserver<WriteRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(BlobUpload.class);

    private final CacheAccess cache;
    private final ServerCallStreamObserver<WriteResponse> response;
    private final Executor workers;

    // Guarded by this:
    private String name = "";
    private @Nullable ResourceName resource;
    private @Nullable Upload upload;
    /** The turn among uploads that was taken, or is waited for; null if none was needed, or it was given back. */
    private @Nullable CompletableFuture<Void> turn;

    /** The bytes that have arrived: compressed ones if the upload is compressed. */
    private long received;

    private boolean ended;

    BlobUpload(CacheAccess cache, ServerCallStreamObserver<WriteResponse> response, Executor workers) {
        this.cache = cache;
        this.response = response;
        this.workers = workers;
        response.disableAutoRequest();
        response.request(1);
        response.setOnCancelHandler(this::discard);
    }

    /** Returns the size that the API gives to a complete upload. */
    static long committedSize(ResourceName resource) {
        return resource.compressed() ? -1 : resource.digest().size();
    }

    @Override
    public synchronized void onNext(WriteRequest request) {
        if (ended) {
            return; // what was on its way when the call was answered
        }
        try {
            ResourceName target = resource == null ? begin(request) : same(request, resource);
            if (!ended && (request.getFinishWrite() || takeTurn(request, target))) {
                accept(request, target);
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    private void accept(WriteRequest request, ResourceName target) throws IOException {
        Upload begun = write(request, target);
        if (request.getFinishWrite()) {
            answer(
                    begun.finish(),
                    target.compressed() ? received : target.digest().size());
        } else {
            response.request(1);
        }
    }

    // ---- the turn: content of only so many uploads is in memory

    /** Takes a turn, unless this has one. If it has to wait, it goes on with the message later, and returns false. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is run later reports its failures to the client
    private boolean takeTurn(WriteRequest request, ResourceName target) {
        if (turn != null) {
            return true;
        }
        CompletableFuture<Void> asked = cache.uploads().take();
        turn = asked;
        if (asked.isDone()) {
            return true;
        }
        asked.thenRunAsync(() -> goOn(request, target), workers);
        return false;
    }

    private synchronized void goOn(WriteRequest request, ResourceName target) {
        if (ended) {
            giveTurn(); // it came while the wait was ended
            return;
        }
        try {
            accept(request, target);
        } catch (IOException | RuntimeException e) {
            fail(e);
        }
    }

    /** Gives the turn back, or ends the wait for it; if it is just being taken, {@link #goOn} gives it back. */
    private void giveTurn() {
        CompletableFuture<Void> asked = turn;
        if (asked == null) {
            return;
        }
        if (asked.isDone()) {
            turn = null;
            if (!asked.isCancelled()) {
                cache.uploads().give();
            }
        } else {
            cache.uploads().cancel(asked);
        }
    }

    // ---- content

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

    /** Writes the data of a message, and begins the upload before that if it is the first one. */
    private Upload write(WriteRequest request, ResourceName target) throws IOException {
        Upload begun = upload;
        if (begun == null) {
            begun = cache.upload(target.digest(), target.compressed());
            upload = begun;
        }
        ByteString data = request.getData();
        received += data.size();
        for (ByteBuffer piece : data.asReadOnlyByteBufferList()) {
            begun.write(piece);
        }
        return begun;
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
    public synchronized void onError(Throwable failure) {
        discard();
    }

    @Override
    public synchronized void onCompleted() {
        if (!ended) {
            fail(Status.INVALID_ARGUMENT
                    .withDescription("the call ended without finish_write, after " + received + " bytes")
                    .asRuntimeException());
        }
    }

    /** Releases everything; what was not committed is gone. Idempotent. */
    private synchronized void discard() {
        ended = true;
        if (upload != null) {
            try {
                upload.close();
            } catch (IOException e) {
                LOG.warn("an upload of {} was not discarded", name, e);
            }
            upload = null;
        }
        giveTurn();
    }
}
