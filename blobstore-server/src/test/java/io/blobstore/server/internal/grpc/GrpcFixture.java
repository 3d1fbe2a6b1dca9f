package io.blobstore.server.internal.grpc;

import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.ReadResponse;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import com.google.protobuf.ByteString;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.AuthOptions;
import io.blobstore.server.CacheServer;
import io.blobstore.server.GrpcOptions;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A server that speaks gRPC on the loopback interface, and a client. */
final class GrpcFixture implements Closeable {
    final ContentCache cache;
    final CacheServer server;
    final ManagedChannel channel;

    GrpcFixture(Path directory, StorageMode mode) throws IOException {
        this(
                directory,
                CacheOptions.builder().maxBytes(256L << 20).storageMode(mode).build(),
                AuthOptions.none());
    }

    GrpcFixture(Path directory, CacheOptions options, AuthOptions auth) throws IOException {
        cache = ContentCache.open(directory, options);
        server = CacheServer.builder(cache)
                .grpc(GrpcOptions.builder().build())
                .auth(auth)
                .start();
        channel = NettyChannelBuilder.forAddress(server.grpcAddress())
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
    }

    /** Returns content that compresses, to about a third. */
    static byte[] text(int size) {
        byte[] content = new byte[size];
        Random random = new Random(size);
        for (int i = 0; i < size; i++) {
            content[i] = (byte) ("etaoin shrdlu".charAt(random.nextInt(13)) & (i % 64 < 32 ? 0x7F : 0x60));
        }
        return content;
    }

    static Digest digest(byte[] content) {
        return new Digest(Sha256.of(ByteBuffer.wrap(content)), content.length);
    }

    static String blob(Digest digest) {
        return "blobs/" + digest;
    }

    static String frames(Digest digest) {
        return "compressed-blobs/zstd/" + digest;
    }

    static String upload(String resource) {
        return "uploads/0b5f4b9e-0000-4000-8000-000000000000/" + resource;
    }

    byte[] read(String resource, long offset, long limit) {
        Iterator<ReadResponse> responses = ByteStreamGrpc.newBlockingStub(channel)
                .withDeadlineAfter(60, TimeUnit.SECONDS)
                .read(ReadRequest.newBuilder()
                        .setResourceName(resource)
                        .setReadOffset(offset)
                        .setReadLimit(limit)
                        .build());
        ByteString data = ByteString.EMPTY;
        while (responses.hasNext()) {
            data = data.concat(responses.next().getData());
        }
        return data.toByteArray();
    }

    /** Starts a write; the observer's answer is in the future. */
    Write write() {
        return new Write();
    }

    /** Writes content in pieces of 300,000 bytes; returns the committed size. */
    long write(String resource, byte[] content) throws Exception {
        Write write = write();
        int at = 0;
        do {
            int bytes = Math.min(300_000, content.length - at);
            write.send(resource, at, ByteString.copyFrom(content, at, bytes), at + bytes == content.length);
            at += bytes;
        } while (at < content.length && !write.answer.isDone());
        write.complete();
        return write.answer.get(60, TimeUnit.SECONDS).getCommittedSize();
    }

    @Override
    public void close() throws IOException {
        channel.shutdownNow();
        server.close();
        cache.close();
    }

    /** One write. */
    final class Write implements ClientResponseObserver<WriteRequest, WriteResponse> {
        final CompletableFuture<WriteResponse> answer = new CompletableFuture<>();
        private ClientCallStreamObserver<WriteRequest> requests;

        private Write() {
            ByteStreamGrpc.newStub(channel)
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .write(this);
        }

        void send(String resource, long offset, ByteString data, boolean finish) {
            if (!answer.isDone()) {
                requests.onNext(WriteRequest.newBuilder()
                        .setResourceName(resource)
                        .setWriteOffset(offset)
                        .setData(data)
                        .setFinishWrite(finish)
                        .build());
            }
        }

        void complete() {
            if (!answer.isDone()) {
                requests.onCompleted();
            }
        }

        void cancel() {
            requests.cancel("the test cancels", null);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WriteRequest> stream) {
            requests = stream;
        }

        @Override
        public void onNext(WriteResponse response) {
            answer.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            answer.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {}
    }
}
