package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.frames;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.Directory;
import build.bazel.remote.execution.v2.DirectoryNode;
import build.bazel.remote.execution.v2.FileNode;
import build.bazel.remote.execution.v2.GetTreeRequest;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.sun.management.ThreadMXBean;
import io.blobstore.BlobSource;
import io.blobstore.cas.Digest;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerLimits;
import io.blobstore.server.internal.ReadMemory;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    /** Makes a call whose response it does not read. */
    private static <Q, R> ClientCall<Q, R> stalled(GrpcClient client, MethodDescriptor<Q, R> method, Q request) {
        ClientCall<Q, R> call = client.channel.newCall(method, CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(request);
        call.halfClose();
        return call;
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
                    assertThat(fixture.endpoint.bufferMemory()).isLessThanOrEqualTo(bound + (4L << 20));
                }
                calls.subList(0, READERS / 2).forEach(call -> call.cancel("the test cancels", null));
                await(() -> memory.used() <= BUDGET + (long) READERS / 2 * ReadMemory.SMALL);
            } // and the others end with their connection
            await(() -> memory.used() == 0);
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
