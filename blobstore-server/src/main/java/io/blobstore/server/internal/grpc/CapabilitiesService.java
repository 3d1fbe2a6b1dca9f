package io.blobstore.server.internal.grpc;

import build.bazel.remote.execution.v2.ActionCacheUpdateCapabilities;
import build.bazel.remote.execution.v2.CacheCapabilities;
import build.bazel.remote.execution.v2.CapabilitiesGrpc;
import build.bazel.remote.execution.v2.Compressor;
import build.bazel.remote.execution.v2.DigestFunction;
import build.bazel.remote.execution.v2.GetCapabilitiesRequest;
import build.bazel.remote.execution.v2.ServerCapabilities;
import build.bazel.remote.execution.v2.SymlinkAbsolutePathStrategy;
import build.bazel.semver.SemVer;
import io.grpc.stub.StreamObserver;

/** Says what the server can do: it caches, with zstd, and does not execute. */
final class CapabilitiesService extends CapabilitiesGrpc.CapabilitiesImplBase {
    private final ServerCapabilities capabilities;

    /**
     * Creates the service.
     *
     * @param maxBlobBytes the size in bytes of the largest blob that can be stored
     * @param writable whether action results can be stored
     */
    CapabilitiesService(long maxBlobBytes, boolean writable) {
        capabilities = ServerCapabilities.newBuilder()
                .setCacheCapabilities(CacheCapabilities.newBuilder()
                        .addDigestFunctions(DigestFunction.Value.SHA256)
                        .setActionCacheUpdateCapabilities(
                                ActionCacheUpdateCapabilities.newBuilder().setUpdateEnabled(writable))
                        .setMaxBatchTotalSizeBytes(ContentService.MAX_BATCH_BYTES)
                        .setMaxCasBlobSizeBytes(maxBlobBytes)
                        .setSymlinkAbsolutePathStrategy(SymlinkAbsolutePathStrategy.Value.ALLOWED)
                        .addSupportedCompressors(Compressor.Value.IDENTITY)
                        .addSupportedCompressors(Compressor.Value.ZSTD)
                        .addSupportedBatchUpdateCompressors(Compressor.Value.IDENTITY)
                        .addSupportedBatchUpdateCompressors(Compressor.Value.ZSTD))
                .setLowApiVersion(SemVer.newBuilder().setMajor(2))
                .setHighApiVersion(SemVer.newBuilder().setMajor(2).setMinor(3))
                .build();
    }

    @Override
    public void getCapabilities(GetCapabilitiesRequest request, StreamObserver<ServerCapabilities> response) {
        response.onNext(capabilities);
        response.onCompleted();
    }
}
