package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import build.bazel.remote.execution.v2.ActionCacheGrpc;
import build.bazel.remote.execution.v2.ActionResult;
import build.bazel.remote.execution.v2.ContentAddressableStorageGrpc;
import build.bazel.remote.execution.v2.FindMissingBlobsRequest;
import build.bazel.remote.execution.v2.GetActionResultRequest;
import build.bazel.remote.execution.v2.OutputFile;
import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.ReadResponse;
import com.google.protobuf.ByteString;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.StoreOptions;
import io.blobstore.cache.WriteBackOptions;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a server fetches from a bucket, and uploads to it. */
class RemoteTierTest extends RemoteTierFixture {
    @Test
    void whatOneServerIsGivenAnotherServerOfTheBucketHas() throws IOException {
        Content large = ServerFixture.text(1, 3 * MIB + 7);
        Content small = ServerFixture.random(2, 100);
        try (ServerFixture first = start("first");
                RawClient client = first.connect()) {
            assertThat(client.put("/ac/" + small.hash(), small.bytes()).status())
                    .isEqualTo(200);
            upload(first, large, small);
        }
        assertThat(bucket.stored)
                .extracting(BlobKey::toString)
                .containsExactlyInAnyOrder(
                        key(large), key(small), "ac/" + small.hash().substring(0, 2) + "/" + small.hash());

        try (ServerFixture second = start("second");
                RawClient client = second.connect()) {
            assertThat(client.get(large.path()).body()).isEqualTo(large.bytes());
            assertThat(client.get(small.path()).body()).isEqualTo(small.bytes());
            assertThat(client.get("/ac/" + small.hash()).body()).isEqualTo(small.bytes());
            int reads = bucket.reads.size();
            assertThat(client.get(large.path()).body()).isEqualTo(large.bytes());
            assertThat(bucket.reads).as("served from the disk").hasSize(reads);
            assertThat(client.get("/metrics").text()).contains("blobstore_remote_hits_total 3");
        }
        assertThat(bucket.stored).as("nothing is uploaded again").hasSize(3);
    }

    @Test
    void headTransfersNoContent() throws IOException {
        Content content = ServerFixture.text(1, 2 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, content);
        }
        try (ServerFixture second = start("second");
                RawClient client = second.connect()) {
            Response head = client.headOf(content.path());
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("content-length")).isEqualTo(Integer.toString(2 * MIB));
            assertThat(bucket.reads).isEmpty();
            assertThat(second.cache.stats().entries()).isZero();
        }
    }

    @Test
    void smallContentTakesOneRequestAndLargeContentTwoWithoutABytePaidTwice() throws IOException {
        Content tiny = ServerFixture.random(1, 1);
        Content small = ServerFixture.random(2, MIB);
        Content large = ServerFixture.random(3, 2 * MIB + 1);
        Content record = ServerFixture.text(4, 1000);
        try (ServerFixture first = start("first");
                RawClient client = first.connect()) {
            assertThat(client.put("/ac/" + record.hash(), record.bytes()).status())
                    .isEqualTo(200);
            upload(first, tiny, small, large);
        }
        try (ServerFixture second = start("second", RemoteOptions.Builder::readOnly);
                RawClient client = second.connect()) {
            for (Content one : List.of(tiny, small)) {
                bucket.requests.set(0);
                assertThat(client.get(one.path()).body()).isEqualTo(one.bytes());
                assertThat(bucket.requests).hasValue(1);
            }
            bucket.requests.set(0);
            assertThat(client.get("/ac/" + record.hash()).body()).isEqualTo(record.bytes());
            assertThat(bucket.requests).hasValue(1);

            bucket.requests.set(0);
            bucket.reads.clear();
            assertThat(client.get(large.path()).body()).isEqualTo(large.bytes());
            assertThat(bucket.requests).hasValue(2);
            assertThat(bucket.reads.stream().mapToLong(Long::longValue).sum())
                    .isEqualTo(bucket.head(BlobKey.of(key(large))).size());

            bucket.requests.set(0);
            assertThat(client.get(ServerFixture.text(9, 9).path()).status()).isEqualTo(404);
            assertThat(bucket.requests).hasValue(1);
        }
    }

    @Test
    void aCasblobIsSentAsItIsInPartsIfItIsLarge() throws IOException {
        Content small = ServerFixture.text(1, 2 * MIB);
        Content large = ServerFixture.random(2, 40 * MIB);
        CacheOptions zstd = CacheOptions.builder()
                .maxBytes(1L << 30)
                .storageMode(StorageMode.ZSTD)
                .build();
        try (ServerFixture server = ServerFixture.start(
                directory.resolve("server"), zstd, builder -> builder.remote(RemoteOptions.of(bucket)))) {
            upload(server, small, large);
            assertThat(bucket.multipart).hasValue(1);
            for (Content content : List.of(small, large)) {
                Path file;
                try (Stream<Path> files = Files.walk(directory.resolve("server"))) {
                    file = files.filter(one -> one.toString().contains(content.hash()))
                            .findFirst()
                            .orElseThrow();
                }
                ByteBuffer stored = ByteBuffer.allocate((int) Files.size(file));
                bucket.read(BlobKey.of(key(content)), ByteRange.all(), stored);
                assertThat(Arrays.mismatch(stored.array(), Files.readAllBytes(file)))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void contentThatManyWantAtOnceIsDownloadedOnce() throws Exception {
        Content content = ServerFixture.text(1, 4 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, content);
        }
        ExecutorService clients = Executors.newFixedThreadPool(64);
        try (ServerFixture second = start("second")) {
            List<Future<byte[]>> got = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                got.add(clients.submit(() -> {
                    try (RawClient client = second.connect()) {
                        return client.get(content.path()).body();
                    }
                }));
            }
            for (Future<byte[]> body : got) {
                assertThat(body.get()).isEqualTo(content.bytes());
            }
            assertThat(bucket.reads).as("the beginning, and the rest").hasSize(2);
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void contentThatBazelRemoteHasStoredIsReadAndItsSizeTakesItsHeader() throws IOException {
        Content hello = Content.of("hello".getBytes(StandardCharsets.US_ASCII));
        byte[] casblob = HexFormat.of()
                .parseHex(
                        "502a4d1825000000050000000000000001000010000200000000000000" // its header
                                + "2d000000000000003f00000000000000" // the table
                                + "28b52ffd040029000068656c6c6fa36d9f88"); // a frame
        bucket.store(BlobKey.of(key(hello)), ByteBuffer.wrap(casblob));
        try (ServerFixture server = start("server");
                RawClient client = server.connect()) {
            assertThat(client.headOf(hello.path()).field("content-length")).isEqualTo("5");
            assertThat(bucket.reads).containsExactly(29L);
            assertThat(client.get(hello.path()).body()).isEqualTo(hello.bytes());
        }
    }

    @Test
    void keysHaveAPrefixAndNoShardIfTheBucketIsLikeThat() throws IOException {
        Content content = ServerFixture.text(1, 1000);
        try (ServerFixture server =
                start("server", options -> options.layout(RemoteLayout.FLAT).prefix("/a/b/"))) {
            upload(server, content);
        }
        assertThat(bucket.stored).extracting(BlobKey::toString).containsExactly("a/b/cas.v2/" + content.hash());
    }

    @Test
    void callsOfGrpcFindAndReadWhatOnlyTheBucketHas() throws Exception {
        Content content = ServerFixture.text(1, 2 * MIB);
        Content absent = ServerFixture.text(2, 100);
        Content action = ServerFixture.text(3, 100);
        ActionResult result = ActionResult.newBuilder()
                .addOutputFiles(OutputFile.newBuilder().setPath("a").setDigest(digest(content)))
                .build();
        try (ServerFixture first = start("first");
                RawClient client = first.connect()) {
            client.put("/ac/" + action.hash(), result.toByteArray());
            upload(first, content);
        }
        RemoteOptions remote = RemoteOptions.of(bucket);
        try (ServerFixture second = ServerFixture.start(
                directory.resolve("second"),
                builder -> builder.remote(remote).grpc(GrpcOptions.builder().build()))) {
            // that of gRPC would outlive the test
            EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
            ManagedChannel channel = NettyChannelBuilder.forAddress(second.server.grpcAddress())
                    .usePlaintext()
                    .eventLoopGroup(loops)
                    .channelType(NioSocketChannel.class)
                    .build();
            try {
                assertThat(ContentAddressableStorageGrpc.newBlockingStub(channel)
                                .findMissingBlobs(FindMissingBlobsRequest.newBuilder()
                                        .addBlobDigests(digest(content))
                                        .addBlobDigests(digest(absent))
                                        .build())
                                .getMissingBlobDigestsList())
                        .containsExactly(digest(absent));
                assertThat(ActionCacheGrpc.newBlockingStub(channel)
                                .getActionResult(GetActionResultRequest.newBuilder()
                                        .setActionDigest(digest(action))
                                        .build()))
                        .isEqualTo(result);
                assertThat(bucket.reads).as("the record alone").hasSize(1);
                ByteString read = ByteString.EMPTY;
                Iterator<ReadResponse> pieces = ByteStreamGrpc.newBlockingStub(channel)
                        .read(ReadRequest.newBuilder()
                                .setResourceName("blobs/" + content.digest())
                                .build());
                while (pieces.hasNext()) {
                    read = read.concat(pieces.next().getData());
                }
                assertThat(read.toByteArray()).isEqualTo(content.bytes());
            } finally {
                channel.shutdownNow();
                loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();
            }
        }
    }

    private static build.bazel.remote.execution.v2.Digest digest(Content content) {
        return build.bazel.remote.execution.v2.Digest.newBuilder()
                .setHash(content.hash())
                .setSizeBytes(content.bytes().length)
                .build();
    }

    @Test
    void wrongAndDamagedContentIsNeitherServedNorKept() throws IOException {
        Content expected = ServerFixture.text(1, 2 * MIB);
        Content other = ServerFixture.text(2, 2 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, expected, other);
        }
        ByteBuffer stored =
                ByteBuffer.allocate((int) bucket.head(BlobKey.of(key(other))).size());
        bucket.read(BlobKey.of(key(other)), ByteRange.all(), stored);
        stored.flip();
        List<ByteBuffer> wrong = List.of(
                stored, // of another hash
                stored.slice(0, stored.limit() / 2),
                stored.slice(0, 20),
                ByteBuffer.wrap(new byte[1000]));
        for (int i = 0; i < wrong.size(); i++) {
            bucket.store(BlobKey.of(key(expected)), BlobSource.of(wrong.get(i)), StoreOptions.DEFAULT);
            try (ServerFixture second = start("second" + i);
                    RawClient client = second.connect()) {
                assertThat(client.get(expected.path()).status()).as("%d", i).isEqualTo(404);
                assertThat(second.cache.stats().entries()).isZero();
                assertThat(client.get("/metrics").text()).contains("blobstore_remote_wrong_total 1");
                assertThat(client.headOf(expected.path()).status()).isEqualTo(404);
                // A client stores it again, which replaces what is wrong.
                assertThat(client.put(expected.path(), expected.bytes()).status())
                        .isEqualTo(200);
                upload(second);
            }
            try (ServerFixture third = start("third" + i);
                    RawClient client = third.connect()) {
                assertThat(client.get(expected.path()).body()).isEqualTo(expected.bytes());
            }
        }
    }

    @Test
    void withoutRoomInTheQueueUploadsComeBeforeTheAnswer() throws IOException {
        Content content = ServerFixture.text(1, 1000);
        UnaryOperator<RemoteOptions.Builder> small = options -> options.writeBack(WriteBackOptions.builder()
                .maxBytes(10)
                .closeTimeout(Duration.ZERO)
                .build());
        try (ServerFixture server = start("server", small);
                RawClient client = server.connect()) {
            bucket.down = true;
            assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(503);
            bucket.down = false;
            assertThat(client.put(content.path(), content.bytes()).status()).isEqualTo(200);
            assertThat(bucket.stored).hasSize(1);
        }
    }
}
