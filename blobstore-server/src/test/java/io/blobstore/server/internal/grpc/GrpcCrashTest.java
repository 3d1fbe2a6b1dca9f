package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.frames;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcClient.upload;
import static org.assertj.core.api.Assertions.assertThat;

import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import com.github.luben.zstd.Zstd;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.interop.ServerProcess;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a server while clients write by gRPC: afterwards, content is absent or whole, and what was answered is there.
 */
@ExtendWith(LeakCheck.class)
class GrpcCrashTest {
    private static final int KILLS = CampaignScale.isFull() ? CampaignScale.of(10) : 1;
    private static final int WRITERS = 3;
    private static final int EACH = 100;

    @TempDir
    private Path directory;

    private static byte[] content(int number) {
        return text(number % 3 == 0 ? (2 << 20) + number : 1 + number * 7919 % (64 << 10));
    }

    @Test
    void contentIsAbsentOrWhole() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        for (int kill = 0; kill < KILLS; kill++) {
            Set<Integer> begun = ConcurrentHashMap.newKeySet();
            Set<Integer> done = ConcurrentHashMap.newKeySet();
            try (ServerProcess server = ServerProcess.start(directory.resolve("cache"))) {
                Thread[] writers = new Thread[WRITERS];
                for (int i = 0; i < WRITERS; i++) {
                    int first = 1000 * (kill + 1) + EACH * i;
                    writers[i] = new Thread(() -> write(server, first, begun, done));
                    writers[i].start();
                }
                int enough = 1 + random.nextInt(6);
                GrpcFixture.await(() -> done.size() >= enough);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(20_000_000));
                server.close();
                for (Thread writer : writers) {
                    writer.join();
                }
            }
            check(begun, done);
        }
    }

    private static void write(ServerProcess server, int first, Set<Integer> begun, Set<Integer> done) {
        try (GrpcClient client = new GrpcClient(server.grpcAddress())) {
            for (int i = first; i < first + EACH; i++) {
                byte[] content = content(i);
                begun.add(i);
                if (i % 2 == 0) {
                    client.write(upload(blob(digest(content))), content);
                } else {
                    client.write(upload(frames(digest(content))), Zstd.compress(content));
                }
                done.add(i);
            }
        } catch (Exception e) {
            // The server was killed. If the write failed before, too few are done for the test to go on.
        }
    }

    private void check(Set<Integer> begun, Set<Integer> done) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory.resolve("cache"));
                GrpcClient client = new GrpcClient(server.grpcAddress())) {
            var service = ContentAddressableStorageGrpc.newBlockingStub(client.channel);
            for (int i : begun) {
                byte[] content = content(i);
                boolean missing = service.findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                                        .addBlobDigests(Digests.of(digest(content)))
                                        .build())
                                .getMissingBlobDigestsCount()
                        > 0;
                if (missing) {
                    assertThat(done).as("answered").doesNotContain(i);
                } else {
                    assertThat(client.read(blob(digest(content)), 0, 0)).isEqualTo(content);
                }
            }
        }
    }
}
