package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcFixture.digest;
import static io.blobstore.server.internal.grpc.GrpcFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.bazel.remote.execution.v2.ActionCacheGrpc;
import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.BatchReadBlobsRequest;
import build.bazel.remote.execution.v2.BatchReadBlobsResponse;
import build.bazel.remote.execution.v2.BatchUpdateBlobsRequest;
import build.bazel.remote.execution.v2.BatchUpdateBlobsResponse;
import build.bazel.remote.execution.v2.CapabilitiesGrpc;
import build.bazel.remote.execution.v2.Compressor;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc.ContentAddressableStorageBlockingStub;
import build.bazel.remote.execution.v2.DigestFunction;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.DirectoryNode;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import build.bazel.remote.execution.v2.GetActionResultRequest;
import build.bazel.remote.execution.v2.GetCapabilitiesRequest;
import build.bazel.remote.execution.v2.GetTreeRequest;
import build.bazel.remote.execution.v2.GetTreeResponse;
import build.bazel.remote.execution.v2.OutputDirectory;
import build.bazel.remote.execution.v2.OutputFile;
import build.bazel.remote.execution.v2.ServerCapabilities;
import build.bazel.remote.execution.v2.Tree;
import build.bazel.remote.execution.v2.UpdateActionResultRequest;
import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import io.blobstore.BlobSource;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class RemoteExecutionTest {
    @TempDir
    Path directory;

    private GrpcFixture fixture;
    private ContentAddressableStorageBlockingStub content;
    private ActionCacheGrpc.ActionCacheBlockingStub actions;

    @BeforeEach
    void start() throws IOException {
        fixture = new GrpcFixture(directory, StorageMode.HYBRID);
        content = ContentAddressableStorageGrpc.newBlockingStub(fixture.channel);
        actions = ActionCacheGrpc.newBlockingStub(fixture.channel);
    }

    @AfterEach
    void stop() throws IOException {
        fixture.close();
    }

    private build.bazel.remote.execution.v2.Digest put(byte[] bytes) throws IOException {
        Digest digest = digest(bytes);
        fixture.cache.put(digest, BlobSource.of(ByteBuffer.wrap(bytes)));
        return Digests.of(digest);
    }

    private static void refused(Status.Code code, Runnable call) {
        assertThatThrownBy(call::run)
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code));
    }

    @Test
    void capabilitiesNameZstd() {
        ServerCapabilities capabilities = CapabilitiesGrpc.newBlockingStub(fixture.channel)
                .getCapabilities(GetCapabilitiesRequest.getDefaultInstance());
        assertThat(capabilities.getCacheCapabilities().getSupportedCompressorsList())
                .contains(Compressor.Value.ZSTD);
        assertThat(capabilities.getCacheCapabilities().getSupportedBatchUpdateCompressorsList())
                .contains(Compressor.Value.ZSTD);
        assertThat(capabilities.getCacheCapabilities().getDigestFunctionsList())
                .containsExactly(DigestFunction.Value.SHA256);
        assertThat(capabilities.getCacheCapabilities().getMaxCasBlobSizeBytes()).isEqualTo(256L << 20);
        assertThat(capabilities.hasExecutionCapabilities()).isFalse();
    }

    @Test
    void theServerIsHealthy() {
        assertThat(HealthGrpc.newBlockingStub(fixture.channel)
                        .check(HealthCheckRequest.getDefaultInstance())
                        .getStatus())
                .isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void missingBlobsAreFound() throws Exception {
        var here = put(text(100));
        var missing = Digests.of(digest(text(101)));
        var empty = Digests.of(digest(new byte[0]));
        assertThat(content.findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                                .addBlobDigests(here)
                                .addBlobDigests(missing)
                                .addBlobDigests(empty)
                                .build())
                        .getMissingBlobDigestsList())
                .containsExactly(missing);
        refused(
                Status.Code.INVALID_ARGUMENT,
                () -> content.findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                        .addBlobDigests(here.toBuilder().setHash("xyz"))
                        .build()));
        refused(
                Status.Code.INVALID_ARGUMENT,
                () -> content.findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                        .setDigestFunction(DigestFunction.Value.BLAKE3)
                        .build()));
    }

    @Test
    void eachBlobOfABatchHasItsOwnStatus() {
        byte[] plain = text(1000);
        byte[] compressed = text(200_000);
        BatchUpdateBlobsResponse updated = content.batchUpdateBlobs(BatchUpdateBlobsRequest.newBuilder()
                .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                        .setDigest(Digests.of(digest(plain)))
                        .setData(ByteString.copyFrom(plain)))
                .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                        .setDigest(Digests.of(digest(compressed)))
                        .setCompressor(Compressor.Value.ZSTD)
                        .setData(ByteString.copyFrom(Zstd.compress(compressed))))
                .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                        .setDigest(Digests.of(digest(text(7))))
                        .setData(ByteString.copyFromUtf8("another")))
                .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                        .setDigest(Digests.of(digest(text(8))))
                        .setCompressor(Compressor.Value.DEFLATE)
                        .setData(ByteString.copyFromUtf8("deflated")))
                .build());
        assertThat(updated.getResponsesList())
                .extracting(response ->
                        Status.fromCodeValue(response.getStatus().getCode()).getCode())
                .containsExactly(
                        Status.Code.OK, Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.INVALID_ARGUMENT);

        BatchReadBlobsResponse read = content.batchReadBlobs(BatchReadBlobsRequest.newBuilder()
                .addDigests(Digests.of(digest(plain)))
                .addDigests(Digests.of(digest(compressed)))
                .addDigests(Digests.of(digest(text(7))))
                .build());
        assertThat(read.getResponses(0).getData().toByteArray()).isEqualTo(plain);
        assertThat(read.getResponses(1).getData().toByteArray()).isEqualTo(compressed);
        assertThat(read.getResponses(2).getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND.value());
    }

    @Test
    void batchesAreBounded() {
        refused(
                Status.Code.INVALID_ARGUMENT,
                () -> content.batchReadBlobs(BatchReadBlobsRequest.newBuilder()
                        .addDigests(Digests.of(new Digest(digest(text(1)).sha256(), 5 << 20)))
                        .build()));
        refused(
                Status.Code.INVALID_ARGUMENT,
                () -> content.batchReadBlobs(BatchReadBlobsRequest.newBuilder()
                        .addDigests(Digests.of(new Digest(digest(text(1)).sha256(), Long.MAX_VALUE)))
                        .addDigests(Digests.of(new Digest(digest(text(1)).sha256(), Long.MAX_VALUE)))
                        .build()));
    }

    @Test
    void anActionResultIsFoundWhileItsOutputsAreThere() throws Exception {
        var action = Digests.of(digest(text(10)));
        var file = put(text(2000));
        var inTree = put(text(3000));
        var tree = put(Tree.newBuilder()
                .setRoot(Directory.newBuilder()
                        .addFiles(FileNode.newBuilder().setName("f").setDigest(inTree)))
                .build()
                .toByteArray());
        ActionResult result = ActionResult.newBuilder()
                .addOutputFiles(OutputFile.newBuilder().setPath("out").setDigest(file))
                .addOutputDirectories(
                        OutputDirectory.newBuilder().setPath("dir").setTreeDigest(tree))
                .setExitCode(3)
                .build();
        GetActionResultRequest get =
                GetActionResultRequest.newBuilder().setActionDigest(action).build();
        refused(Status.Code.NOT_FOUND, () -> actions.getActionResult(get));
        assertThat(actions.updateActionResult(UpdateActionResultRequest.newBuilder()
                        .setActionDigest(action)
                        .setActionResult(result)
                        .build()))
                .isEqualTo(result);
        assertThat(actions.getActionResult(get)).isEqualTo(result);

        fixture.cache.remove(Digests.of(inTree));
        refused(Status.Code.NOT_FOUND, () -> actions.getActionResult(get));
    }

    @Test
    void aTreeIsSentWithoutWhatIsMissing() throws Exception {
        List<Directory> expected = new ArrayList<>();
        Directory leaf = Directory.newBuilder()
                .addFiles(FileNode.newBuilder().setName("f").setDigest(put(text(5))))
                .build();
        Directory root = Directory.newBuilder()
                .addDirectories(DirectoryNode.newBuilder().setName("a").setDigest(put(leaf.toByteArray())))
                .addDirectories(DirectoryNode.newBuilder().setName("b").setDigest(put(leaf.toByteArray())))
                .addDirectories(DirectoryNode.newBuilder().setName("c").setDigest(Digests.of(digest(text(99)))))
                .build();
        expected.add(root);
        expected.add(leaf);
        List<Directory> received = new ArrayList<>();
        content.getTree(GetTreeRequest.newBuilder()
                        .setRootDigest(put(root.toByteArray()))
                        .setPageSize(1)
                        .build())
                .forEachRemaining((GetTreeResponse page) -> received.addAll(page.getDirectoriesList()));
        assertThat(received).isEqualTo(expected);
        refused(
                Status.Code.NOT_FOUND,
                () -> content.getTree(GetTreeRequest.newBuilder()
                                .setRootDigest(Digests.of(digest(text(77))))
                                .build())
                        .hasNext());
    }
}
