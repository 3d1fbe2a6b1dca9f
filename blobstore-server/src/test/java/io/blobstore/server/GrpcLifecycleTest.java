package io.blobstore.server;

import static io.blobstore.server.internal.grpc.GrpcClient.blob;
import static io.blobstore.server.internal.grpc.GrpcClient.upload;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.protobuf.ByteString;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerFixture.Content;
import io.blobstore.server.internal.grpc.GrpcClient;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests stopping a server while gRPC clients use it. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class GrpcLifecycleTest {
    private static final Content CONTENT = ServerFixture.random(1, 3 * ServerFixture.MIB);

    @TempDir
    private Path directory;

    private ContentCache cache;
    private CacheServer server;
    private GrpcClient client;

    @BeforeEach
    void start() throws IOException {
        cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(256L << 20));
        server = CacheServer.builder(cache).grpc(GrpcOptions.builder().build()).start();
        client = new GrpcClient(server.grpcAddress());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close(Duration.ZERO);
        assertThat(server.activeBuffers()).as("buffers in use").isZero();
        assertThat(cache.stats().reservedBytes()).as("reserved").isZero();
        cache.evictTo(0);
        assertThat(cache.stats().entries()).as("entries under a lease").isZero();
        cache.close();
    }

    private GrpcClient.Write begin() {
        GrpcClient.Write write = client.write();
        write.send(
                upload(blob(CONTENT.digest())),
                0,
                ByteString.copyFrom(CONTENT.bytes(), 0, 2 * ServerFixture.MIB),
                false);
        ServerFixture.await(() -> cache.stats().reservedBytes() > 0);
        return write;
    }

    private boolean isRefused() {
        try (GrpcClient another = new GrpcClient(server.grpcAddress())) {
            another.read(blob(CONTENT.digest()), 0, 0);
            return false;
        } catch (RuntimeException e) {
            return Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE;
        }
    }

    @Test
    void closingFinishesWhatRunsAndRefusesWhatIsNew() throws Exception {
        GrpcClient.Write write = begin();
        Thread closer = new Thread(server::close);
        closer.start();
        ServerFixture.await(this::isRefused);
        assertThat(closer.isAlive()).isTrue();
        write.send(
                upload(blob(CONTENT.digest())),
                2 * ServerFixture.MIB,
                ByteString.copyFrom(CONTENT.bytes(), 2 * ServerFixture.MIB, ServerFixture.MIB),
                true);
        assertThat(write.answer.get(60, TimeUnit.SECONDS).getCommittedSize()).isEqualTo(3 * ServerFixture.MIB);
        closer.join();
        assertThat(cache.contains(CONTENT.digest())).isTrue();
    }

    @Test
    void whatDoesNotEndInTimeIsCutOffAndNotKept() throws Exception {
        GrpcClient.Write write = begin();
        server.close(Duration.ofMillis(50));
        assertThatThrownBy(() -> write.answer.get(60, TimeUnit.SECONDS))
                .satisfies(failure -> assertThat(Status.fromThrowable(failure).getCode())
                        .isIn(Status.Code.UNAVAILABLE, Status.Code.CANCELLED));
        assertThat(cache.stats().reservedBytes()).isZero();
        assertThat(cache.entries()).isEmpty();
    }

    @Test
    void readersThatDoNotReadDoNotKeepAServerFromEnding() throws Exception {
        cache.put(CONTENT.digest(), CONTENT.source());
        var responses = ByteStreamGrpc.newBlockingStub(client.channel)
                .read(ReadRequest.newBuilder()
                        .setResourceName(blob(CONTENT.digest()))
                        .build());
        assertThat(responses.next().getData().isEmpty()).isFalse();
        server.close(Duration.ofMillis(50));
        assertThatThrownBy(() -> responses.forEachRemaining(response -> {})).isInstanceOf(StatusRuntimeException.class);
    }
}
