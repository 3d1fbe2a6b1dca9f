package io.blobstore.server.internal.grpc;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.digest;
import static io.blobstore.server.internal.grpc.GrpcClient.frames;
import static io.blobstore.server.internal.grpc.GrpcClient.text;
import static io.blobstore.server.internal.grpc.GrpcClient.upload;
import static io.blobstore.server.internal.grpc.GrpcFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.bazel.remote.execution.v2.BatchUpdateBlobsRequest;
import build.bazel.remote.execution.v2.BatchUpdateBlobsResponse;
import build.bazel.remote.execution.v2.Compressor;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import io.blobstore.cas.Digest;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerLimits;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that want to harm: the server goes on, and nothing of theirs is kept. */
@ExtendWith(LeakCheck.class)
class GrpcHostileTest {
    private static final int MAX_CONNECTIONS = 4;
    private static final byte[] KEPT = text(100_000);

    @TempDir
    Path directory;

    private GrpcFixture fixture;

    @BeforeEach
    void start() throws Exception {
        fixture = new GrpcFixture(
                directory,
                ServerLimits.builder().maxConnections(MAX_CONNECTIONS).build());
        fixture.client.write(upload(blob(digest(KEPT))), KEPT);
    }

    @AfterEach
    void stop() throws IOException {
        try {
            await(() -> fixture.cache.stats().reservedBytes() == 0);
            assertThat(fixture.cache.entries()).hasSize(1);
            assertThat(fixture.client.read(blob(digest(KEPT)), 0, 0)).isEqualTo(KEPT);
        } finally {
            fixture.close();
        }
    }

    private static void refused(Status.Code code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code));
    }

    private BatchUpdateBlobsResponse update(Digest digest, byte[] data, Compressor.Value compressor) {
        return ContentAddressableStorageGrpc.newBlockingStub(fixture.client.channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .batchUpdateBlobs(BatchUpdateBlobsRequest.newBuilder()
                        .addRequests(BatchUpdateBlobsRequest.Request.newBuilder()
                                .setDigest(Digests.of(digest))
                                .setCompressor(compressor)
                                .setData(ByteString.copyFrom(data)))
                        .build());
    }

    @Test
    void aMessageThatIsTooLargeIsRefused() {
        byte[] content = new byte[17 << 20];
        refused(Status.Code.RESOURCE_EXHAUSTED, () -> update(digest(content), content, Compressor.Value.IDENTITY));
        refused(Status.Code.RESOURCE_EXHAUSTED, () -> {
            GrpcClient.Write write = fixture.client.write();
            write.send(upload(blob(digest(content))), 0, ByteString.copyFrom(content), true);
            write.answer.get(60, TimeUnit.SECONDS);
        });
    }

    @Test
    void aMessageOfMillionsOfEmptyMessagesIsRefused() {
        var digest = build.bazel.remote.execution.v2.Digest.getDefaultInstance();
        FindMissingBlobsRequest.Builder request = FindMissingBlobsRequest.newBuilder();
        for (int i = 0; i < 1_500_000; i++) {
            request.addBlobDigests(digest);
        }
        refused(
                Status.Code.INVALID_ARGUMENT,
                () -> ContentAddressableStorageGrpc.newBlockingStub(fixture.client.channel)
                        .withDeadlineAfter(60, TimeUnit.SECONDS)
                        .findMissingBlobs(request.build()));
    }

    /** Returns frames of 100 GiB of zeros: decoding them all would take longer than the calls may. */
    private static byte[] bomb() {
        byte[] frame = Zstd.compress(new byte[64 << 20]);
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < 1600; i++) {
            frames.writeBytes(frame);
        }
        return frames.toByteArray();
    }

    @Test
    void aBombIsDecodedToItsDeclaredSizeOnly() {
        byte[] bomb = bomb();
        Digest declared = digest(new byte[1000]);
        assertThat(bomb.length).isLessThan(16 << 20);
        assertThat(update(declared, bomb, Compressor.Value.ZSTD)
                        .getResponses(0)
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        refused(Status.Code.INVALID_ARGUMENT, () -> fixture.client.write(upload(frames(declared)), bomb));
    }

    @Test
    void declaredSizesTakeNoRoomThatOthersNeed() throws Exception {
        Digest tooLarge = new Digest(digest(KEPT).sha256(), 5L << 30);
        refused(Status.Code.INVALID_ARGUMENT, () -> fixture.client.write(upload(blob(tooLarge)), new byte[100]));
        try (GrpcClient hostile = new GrpcClient(fixture.endpoint.address())) {
            List<GrpcClient.Write> writes = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Digest declared = new Digest(digest(text(i + 1)).sha256(), 200L << 20);
                GrpcClient.Write write = hostile.write();
                write.send(upload(blob(declared)), 0, ByteString.copyFrom(new byte[100]), false);
                writes.add(write);
            }
            byte[] content = text(2 << 20);
            assertThat(fixture.client.write(upload(blob(digest(content))), content))
                    .isEqualTo(content.length);
            assertThat(fixture.client.read(blob(digest(KEPT)), 0, 0)).isEqualTo(KEPT);
            fixture.cache.remove(digest(content));
            assertThat(writes).allMatch(write -> !write.answer.isDone() || write.answer.isCompletedExceptionally());
        } // cuts its connection in the middle of all uploads
    }

    @Test
    void callsAreLimited() throws Exception {
        int max = 8 * MAX_CONNECTIONS;
        try (GrpcClient hostile = new GrpcClient(fixture.endpoint.address())) {
            // Some may be refused while a call that asks whether it is refused takes a place.
            for (int i = 0; i < 2 * max; i++) {
                Digest declared = new Digest(digest(text(i + 1)).sha256(), 1 << 20);
                hostile.write().send(upload(blob(declared)), 0, ByteString.copyFrom(new byte[10]), false);
            }
            await(this::isRefused);
        }
        await(() -> !isRefused());
    }

    private boolean isRefused() {
        try {
            fixture.client.read(blob(digest(KEPT)), 0, 0);
            return false;
        } catch (StatusRuntimeException e) {
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            return true;
        }
    }

    private Socket connect() throws IOException {
        InetSocketAddress address = fixture.endpoint.address();
        Socket socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout(60_000);
        return socket;
    }

    private static boolean isClosed(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true; // reset
        }
    }

    @Test
    void connectionsAreLimited() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 1; i < MAX_CONNECTIONS; i++) {
                Socket admitted = connect();
                sockets.add(admitted);
                assertThat(isClosed(admitted)).isFalse(); // the settings of the server
            }
            for (int i = 0; i < 10; i++) {
                try (Socket surplus = connect()) {
                    assertThat(isClosed(surplus)).isTrue();
                }
            }
            assertThat(fixture.client.read(blob(digest(KEPT)), 0, 0)).isEqualTo(KEPT);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        await(() -> {
            try (Socket again = connect()) {
                return !isClosed(again);
            } catch (IOException e) {
                return false;
            }
        });
    }

    @Test
    void whatIsNotHttp2EndsTheConnection() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 50; i++) {
            byte[] garbage = new byte[1 + random.nextInt(5000)];
            random.nextBytes(garbage);
            try (Socket socket = connect()) {
                if (i % 2 == 0) {
                    socket.getOutputStream().write(preface);
                }
                socket.getOutputStream().write(garbage);
                socket.shutdownOutput();
                while (!isClosed(socket)) {
                    // the settings, and what is wrong
                }
            }
        }
    }
}
