package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.frames;
import static io.blobstore.server.internal.grpc.GrpcClient.stalled;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.bazel.remote.execution.v2.ActionCacheGrpc;
import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.BatchReadBlobsRequest;
import build.bazel.remote.execution.v2.BatchReadBlobsResponse;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.DirectoryNode;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.GetActionResultRequest;
import build.bazel.remote.execution.v2.GetTreeRequest;
import build.bazel.remote.execution.v2.UpdateActionResultRequest;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.blobstore.BlobSource;
import io.blobstore.cas.Digest;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.ReadMemory;
import io.blobstore.server.internal.UploadTurns;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests how much memory clients can take. */
@ExtendWith(LeakCheck.class)
class GrpcMemoryTest {
    private static final int READERS = 64;
    private static final int BUDGET = 4 << 20;

    @TempDir
    Path directory;

    private GrpcFixture start() throws IOException {
        return new GrpcFixture(
                directory, ServerLimits.builder().readMemory(BUDGET).build());
    }

    private static Digest put(GrpcFixture fixture, byte[] content) throws IOException {
        Digest digest = digest(content);
        fixture.cache.put(digest, BlobSource.of(ByteBuffer.wrap(content)));
        return digest;
    }

    @Test
    void readersThatDoNotReadTakeAPieceEachAndKeepNobodyWaiting() throws Exception {
        byte[] content = text(4 << 20);
        try (GrpcFixture fixture = start()) {
            Digest digest = put(fixture, content);
            ReadMemory memory = fixture.context.cache().memory();
            List<ClientCall<ReadRequest, ?>> calls = new ArrayList<>();
            try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
                for (int i = 0; i < READERS; i++) {
                    String resource = i % 2 == 0 ? blob(digest) : frames(digest);
                    calls.add(stalled(
                            slow,
                            ByteStreamGrpc.getReadMethod(),
                            ReadRequest.newBuilder().setResourceName(resource).build()));
                }
                await(() -> memory.used() >= (long) READERS * ReadMemory.SMALL);
                long bound = BUDGET + (long) (READERS + 1) * ReadMemory.SMALL;
                for (int i = 0; i < 3; i++) {
                    assertThat(fixture.client.read(blob(digest), 0, 0)).isEqualTo(content);
                    assertThat(memory.used()).isLessThanOrEqualTo(bound);
                    // The allocator rounds sizes up, by a quarter at most.
                    assertThat(fixture.endpoint.bufferMemory()).isLessThanOrEqualTo(bound * 5 / 4 + (4L << 20));
                }
                calls.subList(0, READERS / 2).forEach(call -> call.cancel("the test cancels", null));
                await(() -> memory.used() <= BUDGET + (long) READERS / 2 * ReadMemory.SMALL);
            } // and the others end with their connection
            await(() -> memory.used() == 0);
        }
    }

    /** Returns whether all turns of uploads are taken. */
    private static boolean isFull(UploadTurns turns) {
        CompletableFuture<Void> turn = turns.take();
        if (turn.isDone()) {
            turns.give();
            return false;
        }
        turns.cancel(turn);
        return true;
    }

    @Test
    void uploadsBeyondTheMemoryWaitAndAllOfThemAreKept() throws Exception {
        int turns = (int) (Runtime.getRuntime().maxMemory() / (24L << 20));
        List<byte[]> contents = new ArrayList<>();
        List<GrpcClient.Write> writes = new ArrayList<>();
        try (GrpcFixture fixture = start()) {
            UploadTurns uploads = fixture.context.cache().uploads();
            for (int i = 0; i < turns + 9; i++) {
                byte[] content = text(100_000 + i);
                GrpcClient.Write write = fixture.client.write();
                write.send(GrpcClient.upload(blob(digest(content))), 0, ByteString.copyFrom(content, 0, 50_000), false);
                contents.add(content);
                writes.add(write);
            }
            await(() -> isFull(uploads));
            byte[] small = text(99_999); // arrives at once
            assertThat(fixture.client.write(GrpcClient.upload(blob(digest(small))), small))
                    .isEqualTo(small.length);
            for (int gone : new int[] {turns + 4, turns, 0}) { // waiting ones, and one at work
                writes.remove(gone).cancel();
                contents.remove(gone);
            }
            for (int i = 0; i < writes.size(); i++) {
                byte[] content = contents.get(i);
                writes.get(i).send("", 50_000, ByteString.copyFrom(content, 50_000, content.length - 50_000), true);
            }
            for (int i = 0; i < writes.size(); i++) {
                assertThat(writes.get(i).answer.get(60, TimeUnit.SECONDS).getCommittedSize())
                        .isEqualTo(contents.get(i).length);
                assertThat(fixture.cache.contains(digest(contents.get(i)))).isTrue();
            }
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < turns; i++) {
                all.add(uploads.take());
            }
            await(() -> all.stream().allMatch(CompletableFuture::isDone)); // every turn was given back
        }
    }

    @Test
    void aTreeThatIsNotReadTakesAPage() throws Exception {
        try (GrpcFixture fixture = start()) {
            Directory.Builder root = Directory.newBuilder();
            for (int i = 0; i < 24; i++) {
                Directory child = Directory.newBuilder()
                        .addFiles(FileNode.newBuilder().setName(i + "x".repeat(700_000)))
                        .build();
                root.addDirectories(DirectoryNode.newBuilder()
                        .setName("d" + i)
                        .setDigest(Digests.of(put(fixture, child.toByteArray()))));
            }
            GetTreeRequest request = GetTreeRequest.newBuilder()
                    .setRootDigest(Digests.of(put(fixture, root.build().toByteArray())))
                    .build();
            ReadMemory memory = fixture.context.cache().memory();
            try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
                stalled(slow, ContentAddressableStorageGrpc.getGetTreeMethod(), request);
                await(() -> memory.used() > 0);
                // A whole response to somebody else: the first one had the time to be sent, if nothing held it back.
                List<Directory> all = new ArrayList<>();
                ContentAddressableStorageGrpc.newBlockingStub(fixture.client.channel)
                        .getTree(request)
                        .forEachRemaining(page -> all.addAll(page.getDirectoriesList()));
                assertThat(all).hasSize(25);
                assertThat(memory.used()).isLessThan(3 << 20);
                assertThat(fixture.endpoint.bufferMemory()).isLessThan(8 << 20);
            }
            await(() -> memory.used() == 0);
        }
    }

    /** Returns what the threads of the server have allocated on the heap so far. */
    private static long allocated() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith("blobstore-server")) {
                sum += threads.getThreadAllocatedBytes(thread.getThreadId());
            }
        }
        return sum;
    }

    /** Batches that nobody reads wait for each other, and end in time; another client gets its own afterwards. */
    @Test
    void batchesThatAreNotReadTakeHalfOfTheMemoryTogether() throws Exception {
        byte[] content = text(1 << 20);
        ServerLimits limits = ServerLimits.builder()
                .readMemory(BUDGET)
                .paceWindow(Duration.ofMillis(500))
                .build();
        try (GrpcFixture fixture = new GrpcFixture(directory, limits)) {
            BatchReadBlobsRequest request = BatchReadBlobsRequest.newBuilder()
                    .addDigests(Digests.of(put(fixture, content)))
                    .build();
            ReadMemory memory = fixture.context.cache().memory();
            try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
                for (int i = 0; i < 4; i++) {
                    stalled(slow, ContentAddressableStorageGrpc.getBatchReadBlobsMethod(), request);
                }
                await(() -> memory.used() >= BUDGET / 2); // two of them
                AtomicLong most = new AtomicLong();
                CompletableFuture<BatchReadBlobsResponse> other =
                        CompletableFuture.supplyAsync(() -> readBatch(fixture.client, request));
                await(() -> {
                    most.accumulateAndGet(memory.used(), Math::max);
                    return other.isDone();
                });
                assertThat(other.get().getResponses(0).getData().toByteArray()).isEqualTo(content);
                assertThat(most.get()).isBetween(BUDGET / 2L, BUDGET / 2L + 1000);
                await(() -> memory.used() == 0);
            }
        }
    }

    /** Reads a batch, and does so again if this client was taken for a slow one. */
    private static BatchReadBlobsResponse readBatch(GrpcClient client, BatchReadBlobsRequest request) {
        while (true) {
            try {
                return ContentAddressableStorageGrpc.newBlockingStub(client.channel)
                        .batchReadBlobs(request);
            } catch (StatusRuntimeException e) {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.CANCELLED);
            }
        }
    }

    /** Other responses that cannot be divided are refused beyond twice the budget. */
    @Test
    void actionResultsThatAreNotReadAreBounded() throws Exception {
        try (GrpcFixture fixture = start()) {
            Digest action = digest(text(1));
            ActionResult result = ActionResult.newBuilder()
                    .setStdoutRaw(ByteString.copyFrom(text(1 << 20)))
                    .build();
            var actions = ActionCacheGrpc.newBlockingStub(fixture.client.channel);
            ActionResult unused = actions.updateActionResult(UpdateActionResultRequest.newBuilder()
                    .setActionDigest(Digests.of(action))
                    .setActionResult(result)
                    .build());
            GetActionResultRequest request = GetActionResultRequest.newBuilder()
                    .setActionDigest(Digests.of(action))
                    .build();
            ReadMemory memory = fixture.context.cache().memory();
            try (GrpcClient slow = new GrpcClient(fixture.endpoint.address())) {
                for (int i = 0; i < 20; i++) {
                    stalled(slow, ActionCacheGrpc.getGetActionResultMethod(), request);
                }
                await(() -> memory.used() > 7 << 20); // seven of them: there is no room for another one
                assertThatThrownBy(() -> actions.getActionResult(request))
                        .isInstanceOf(StatusRuntimeException.class)
                        .hasMessageContaining("UNAVAILABLE");
                assertThat(memory.used()).isLessThanOrEqualTo(2 * BUDGET);
            }
            await(() -> memory.used() == 0);
            assertThat(actions.getActionResult(request)).isEqualTo(result);
        }
    }

    @Test
    void contentIsReadWithoutTheHeap() throws Exception {
        byte[] content = text(32 << 20);
        try (GrpcFixture fixture = new GrpcFixture(directory, ServerLimits.defaults())) {
            Digest digest = put(fixture, content);
            for (String resource : List.of(blob(digest), frames(digest))) {
                int received = fixture.client.read(resource, 0, 0).length;
                long before = allocated();
                fixture.client.read(resource, 0, 0);
                assertThat(allocated() - before).as(resource).isLessThan(received / 8);
            }
        }
    }
}
