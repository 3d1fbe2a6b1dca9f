package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.BatchReadBlobsRequest;
import build.bazel.remote.execution.v2.BatchReadBlobsResponse;
import build.bazel.remote.execution.v2.BatchUpdateBlobsRequest;
import build.bazel.remote.execution.v2.BatchUpdateBlobsResponse;
import build.bazel.remote.execution.v2.Compressor;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import build.bazel.remote.execution.v2.FindMissingBlobsResponse;
import build.bazel.remote.execution.v2.GetTreeRequest;
import build.bazel.remote.execution.v2.GetTreeResponse;
import com.google.protobuf.UnsafeByteOperations;
import io.blobstore.cas.Digest;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.CacheAccess;
import io.blobstore.server.internal.Upload;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Finds, reads and writes blobs, many small ones in a call. Each blob of a batch has its own status. */
final class ContentService extends ContentAddressableStorageGrpc.ContentAddressableStorageImplBase {
    /** The most bytes of content in a batch: with the rest of the message, within the 4 MiB that clients accept. */
    static final int MAX_BATCH_BYTES = (4 << 20) - (64 << 10);

    private final CacheAccess cache;
    private final ServerLimits limits;
    private final ResponseTurns batches;

    /**
     * Creates the service.
     *
     * @param workers run batches that had to wait
     */
    ContentService(CacheAccess cache, ServerLimits limits, Executor workers) {
        this.cache = cache;
        this.limits = limits;
        batches = new ResponseTurns(limits.readMemory() / 2, workers);
    }

    @Override
    public void findMissingBlobs(FindMissingBlobsRequest request, StreamObserver<FindMissingBlobsResponse> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            List<Digest> digests = new ArrayList<>(request.getBlobDigestsCount());
            for (build.bazel.remote.execution.v2.Digest digest : request.getBlobDigestsList()) {
                digests.add(Digests.of(digest));
            }
            Later.respond(cache.missing(digests), ContentService::missing, response);
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    private static FindMissingBlobsResponse missing(Set<Digest> digests) {
        FindMissingBlobsResponse.Builder missing = FindMissingBlobsResponse.newBuilder();
        digests.forEach(digest -> missing.addMissingBlobDigests(Digests.of(digest)));
        return missing.build();
    }

    @Override
    public void batchUpdateBlobs(BatchUpdateBlobsRequest request, StreamObserver<BatchUpdateBlobsResponse> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            List<CompletableFuture<com.google.rpc.Status>> statuses = new ArrayList<>(request.getRequestsCount());
            for (BatchUpdateBlobsRequest.Request blob : request.getRequestsList()) {
                statuses.add(update(blob));
            }
            Later.respond(
                    CompletableFuture.allOf(statuses.toArray(CompletableFuture[]::new)),
                    done -> results(request, statuses),
                    response);
        } catch (RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    private static BatchUpdateBlobsResponse results(
            BatchUpdateBlobsRequest request, List<CompletableFuture<com.google.rpc.Status>> statuses) {
        BatchUpdateBlobsResponse.Builder results = BatchUpdateBlobsResponse.newBuilder();
        for (int i = 0; i < statuses.size(); i++) {
            results.addResponses(BatchUpdateBlobsResponse.Response.newBuilder()
                    .setDigest(request.getRequests(i).getDigest())
                    .setStatus(statuses.get(i).join()));
        }
        return results.build();
    }

    private CompletableFuture<com.google.rpc.Status> update(BatchUpdateBlobsRequest.Request blob) {
        try {
            Digest digest = Digests.of(blob.getDigest());
            boolean zstd = blob.getCompressor() == Compressor.Value.ZSTD;
            if (!zstd && blob.getCompressor() != Compressor.Value.IDENTITY) {
                throw new IllegalArgumentException(
                        "the compressors of this server are IDENTITY and ZSTD; got " + blob.getCompressor());
            }
            try (Upload upload = cache.upload(digest, zstd)) {
                for (ByteBuffer piece : blob.getData().asReadOnlyByteBufferList()) {
                    upload.write(piece);
                }
                return upload.finish()
                        .handle((done, failure) ->
                                failure == null ? com.google.rpc.Status.getDefaultInstance() : Statuses.proto(failure));
            }
        } catch (IOException | RuntimeException e) {
            return CompletableFuture.completedFuture(Statuses.proto(e));
        }
    }

    @Override
    public void batchReadBlobs(BatchReadBlobsRequest request, StreamObserver<BatchReadBlobsResponse> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            requireBatch(request.getDigestsList());
            ServerCallStreamObserver<BatchReadBlobsResponse> call =
                    (ServerCallStreamObserver<BatchReadBlobsResponse>) response;
            ResponseTurns.Turn turn = batches.of(content(request.getDigestsList()), () -> read(request, response));
            call.setOnCancelHandler(turn::close);
            call.setOnCloseHandler(turn::close); // the client has taken the response
            turn.await();
        } catch (RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    private void read(BatchReadBlobsRequest request, StreamObserver<BatchReadBlobsResponse> response) {
        try {
            boolean zstd = request.getAcceptableCompressorsList().contains(Compressor.Value.ZSTD);
            BatchReadBlobsResponse.Builder results = BatchReadBlobsResponse.newBuilder();
            for (build.bazel.remote.execution.v2.Digest digest : request.getDigestsList()) {
                results.addResponses(read(digest, zstd));
            }
            response.onNext(results.build());
            response.onCompleted();
        } catch (RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }

    private static void requireBatch(List<build.bazel.remote.execution.v2.Digest> digests) {
        if (!fits(digests)) {
            throw new IllegalArgumentException("a batch has at most " + MAX_BATCH_BYTES
                    + " bytes of content: ask for fewer blobs, or read large ones with ByteStream");
        }
    }

    /** Returns how many bytes of content a batch has that {@link #fits}. */
    private static long content(List<build.bazel.remote.execution.v2.Digest> digests) {
        return digests.stream()
                .mapToLong(digest -> Math.max(0, digest.getSizeBytes()))
                .sum();
    }

    /** Returns whether content is small enough to be read in one batch. */
    static boolean fits(List<build.bazel.remote.execution.v2.Digest> digests) {
        long room = MAX_BATCH_BYTES;
        for (build.bazel.remote.execution.v2.Digest digest : digests) {
            if (digest.getSizeBytes() > room) {
                return false;
            }
            room -= Math.max(0, digest.getSizeBytes());
        }
        return true;
    }

    private BatchReadBlobsResponse.Response read(build.bazel.remote.execution.v2.Digest requested, boolean zstd) {
        BatchReadBlobsResponse.Response.Builder result = BatchReadBlobsResponse.Response.newBuilder()
                .setDigest(requested)
                .setCompressor(Compressor.Value.IDENTITY);
        try {
            Digest digest = Digests.of(requested);
            Optional<ByteBuffer> frames =
                    zstd ? SmallBlobs.readFrames(cache.cache(), digest, MAX_BATCH_BYTES) : Optional.empty();
            if (frames.isPresent()) {
                return result.setCompressor(Compressor.Value.ZSTD)
                        .setData(UnsafeByteOperations.unsafeWrap(frames.get()))
                        .build();
            }
            Optional<ByteBuffer> content = SmallBlobs.read(cache.cache(), digest, MAX_BATCH_BYTES);
            return content.isEmpty()
                    ? result.setStatus(Statuses.status(Status.Code.NOT_FOUND, "there is no blob " + digest))
                            .build()
                    : result.setData(UnsafeByteOperations.unsafeWrap(content.get()))
                            .build();
        } catch (IOException | RuntimeException e) {
            return result.setStatus(Statuses.proto(e)).build();
        }
    }

    @Override
    public void getTree(GetTreeRequest request, StreamObserver<GetTreeResponse> response) {
        try {
            Digests.requireSha256(request.getDigestFunction());
            Download.start(
                    DirectoryTree.of(cache, request), (ServerCallStreamObserver<GetTreeResponse>) response, limits);
        } catch (IOException | RuntimeException e) {
            response.onError(Statuses.of(e));
        }
    }
}
