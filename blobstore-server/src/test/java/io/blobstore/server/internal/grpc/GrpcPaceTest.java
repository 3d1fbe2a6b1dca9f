package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.frames;
import static io.blobstore.server.internal.grpc.GrpcClient.stalled;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcClient.upload;
import static io.blobstore.server.internal.grpc.GrpcFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.bazel.remote.execution.v2.BatchReadBlobsRequest;
import build.bazel.remote.execution.v2.CapabilitiesGrpc;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.GetCapabilitiesRequest;
import build.bazel.remote.execution.v2.ServerCapabilities;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.protobuf.ByteString;
import io.blobstore.BlobSource;
import io.blobstore.cas.Digest;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.ReadMemory;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests that calls end whose clients send nothing, or take nothing, for a time; and only those. */
@ExtendWith(LeakCheck.class)
class GrpcPaceTest {
    private static final byte[] CONTENT = text(3 << 20);

    @TempDir
    Path directory;

    private GrpcFixture fixture;
    private ReadMemory memory;

    @BeforeEach
    void start() throws IOException {
        fixture = new GrpcFixture(
                directory,
                ServerLimits.builder()
                        .paceWindow(Duration.ofMillis(300))
                        .minBytesPerSecond(1000)
                        .build());
        memory = fixture.context.cache().memory();
        fixture.cache.put(digest(CONTENT), BlobSource.of(ByteBuffer.wrap(CONTENT)));
    }

    @AfterEach
    void stop() throws IOException {
        fixture.close();
    }

    private static Status.Code code(CompletableFuture<?> call) {
        assertThatThrownBy(() -> call.get(60, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        return Status.fromThrowable(call.handle((result, failure) -> failure).join())
                .getCode();
    }

    /** Returns whether the server has ended a number of calls of a method with a code, as far as it can. */
    private boolean isEnded(String method, Status.Code code, int calls) {
        return fixture.context
                .metrics()
                .text(fixture.context.cache(), fixture.context.workers())
                .contains("operation=\"" + method + "\",keyspace=\"cas\",code=\"" + code + "\"} " + calls + '\n');
    }

    @Test
    void anUploadThatDoesNotGoOnEndsAndIsDiscarded() throws IOException {
        Digest digest = digest(text(2 << 20));
        GrpcClient.Write write = fixture.client.write();
        write.send(upload(blob(digest)), 0, ByteString.copyFrom(text(2 << 20), 0, 1 << 20), false);
        assertThat(code(write.answer)).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        await(() -> fixture.cache.stats().reservedBytes() == 0);
        assertThat(fixture.cache.contains(digest)).isFalse();
    }

    @Test
    void anUploadWithoutAMessageEnds() {
        assertThat(code(fixture.client.write().answer)).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    void aRequestThatDoesNotEndIsEnded() {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        ClientCall<GetCapabilitiesRequest, ServerCapabilities> call =
                fixture.client.channel.newCall(CapabilitiesGrpc.getGetCapabilitiesMethod(), CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ended.completeExceptionally(status.asException());
                    }
                },
                new Metadata());
        call.sendMessage(GetCapabilitiesRequest.getDefaultInstance());
        assertThat(code(ended)).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    void downloadsThatAreNotReadEndAndReleaseTheirMemoryAndFile() {
        try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
            for (String resource : List.of(blob(digest(CONTENT)), frames(digest(CONTENT)))) {
                stalled(
                        slow,
                        ByteStreamGrpc.getReadMethod(),
                        ReadRequest.newBuilder().setResourceName(resource).build());
            }
            await(() -> isEnded("Read", Status.Code.CANCELLED, 2));
            await(() -> memory.used() == 0); // though the connection is open
        }
    }

    @Test
    void aBatchThatIsNotReadEndsAndReleasesItsMemory() {
        try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
            stalled(
                    slow,
                    ContentAddressableStorageGrpc.getBatchReadBlobsMethod(),
                    BatchReadBlobsRequest.newBuilder()
                            .addDigests(Digests.of(digest(CONTENT)))
                            .build());
            await(() -> isEnded("BatchReadBlobs", Status.Code.OK, 1));
            await(() -> memory.used() == 0); // though the client has taken a part of the response only
        }
    }

    /** A client that watches the health is not slow: the server has nothing to send. */
    @Test
    void aWatchOfTheHealthGoesOn() {
        Iterator<HealthCheckResponse> health =
                HealthGrpc.newBlockingStub(fixture.client.channel).watch(HealthCheckRequest.getDefaultInstance());
        assertThat(health.next().getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
        for (int i = 0; i < 2; i++) {
            anUploadWithoutAMessageEnds(); // more than a window
        }
        fixture.endpoint.stopAccepting();
        assertThat(health.next().getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.NOT_SERVING);
    }
}
