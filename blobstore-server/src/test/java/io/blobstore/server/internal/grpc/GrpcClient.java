package io.blobstore.server.internal.grpc;

import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.ReadResponse;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import com.google.protobuf.ByteString;
import io.blobstore.Sha256;
import io.blobstore.cas.Digest;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A client of the Remote Execution API, with a connection and an event loop of its own. */
public final class GrpcClient implements Closeable {
    /** The flow-control window of each connection and call: what a client that does not read receives. */
    public static final int WINDOW = 64 << 10;

    public final ManagedChannel channel;
    private final EventLoopGroup loop;

    /** Creates a client without TLS. It connects when it makes a call. */
    public GrpcClient(InetSocketAddress server) {
        this(server, NettyChannelBuilder::usePlaintext);
    }

    GrpcClient(InetSocketAddress server, UnaryOperator<NettyChannelBuilder> settings) {
        loop = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("client", true), NioIoHandler.newFactory());
        channel = settings.apply(NettyChannelBuilder.forAddress(server)
                        .eventLoopGroup(loop)
                        .channelType(NioSocketChannel.class)
                        .flowControlWindow(WINDOW)
                        .maxInboundMessageSize(16 << 20))
                .build();
    }

    /** Cuts the connection, as the end of the client's process does. */
    @Override
    public void close() {
        channel.shutdownNow();
        try {
            channel.awaitTermination(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Returns content that compresses, to about a third. */
    public static byte[] text(int size) {
        byte[] content = new byte[size];
        Random random = new Random(size);
        for (int i = 0; i < size; i++) {
            content[i] = (byte) ("etaoin shrdlu".charAt(random.nextInt(13)) & (i % 64 < 32 ? 0x7F : 0x60));
        }
        return content;
    }

    public static Digest digest(byte[] content) {
        return new Digest(Sha256.of(ByteBuffer.wrap(content)), content.length);
    }

    public static String blob(Digest digest) {
        return "blobs/" + digest;
    }

    public static String frames(Digest digest) {
        return "compressed-blobs/zstd/" + digest;
    }

    public static String upload(String resource) {
        return "uploads/0b5f4b9e-0000-4000-8000-000000000000/" + resource;
    }

    public byte[] read(String resource, long offset, long limit) {
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

    /** Makes a call whose response it does not read. */
    static <Q, R> ClientCall<Q, R> stalled(GrpcClient client, MethodDescriptor<Q, R> method, Q request) {
        ClientCall<Q, R> call = client.channel.newCall(method, CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(request);
        call.halfClose();
        return call;
    }

    /** Starts a write; the observer's answer is in the future. */
    public Write write() {
        return new Write();
    }

    /** Writes content in pieces of 300,000 bytes; returns the committed size. */
    public long write(String resource, byte[] content) throws Exception {
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

    /** One write. */
    public final class Write implements ClientResponseObserver<WriteRequest, WriteResponse> {
        public final CompletableFuture<WriteResponse> answer = new CompletableFuture<>();
        private ClientCallStreamObserver<WriteRequest> requests;

        private Write() {
            ByteStreamGrpc.newStub(channel)
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .write(this);
        }

        public void send(String resource, long offset, ByteString data, boolean finish) {
            if (!answer.isDone()) {
                requests.onNext(WriteRequest.newBuilder()
                        .setResourceName(resource)
                        .setWriteOffset(offset)
                        .setData(data)
                        .setFinishWrite(finish)
                        .build());
            }
        }

        public void complete() {
            if (!answer.isDone()) {
                requests.onCompleted();
            }
        }

        public void cancel() {
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
