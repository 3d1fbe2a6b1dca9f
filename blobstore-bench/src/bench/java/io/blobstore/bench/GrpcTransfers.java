package io.blobstore.bench;

import com.google.bytestream.ByteStreamGrpc;
import com.google.bytestream.ByteStreamGrpc.ByteStreamStub;
import com.google.bytestream.ByteStreamProto.ReadRequest;
import com.google.bytestream.ByteStreamProto.ReadResponse;
import com.google.bytestream.ByteStreamProto.WriteRequest;
import com.google.bytestream.ByteStreamProto.WriteResponse;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Single ByteStream calls. */
final class GrpcTransfers {
    private static final int MESSAGE = 1 << 20;
    private static final long TIMEOUT_SECONDS = 60;

    /** Reads without parsing the messages: of each, only the length is taken. */
    private static final MethodDescriptor<ReadRequest, Integer> READ = ByteStreamGrpc.getReadMethod().toBuilder(
                    ByteStreamGrpc.getReadMethod().getRequestMarshaller(), new Lengths())
            .setSchemaDescriptor(null)
            .build();

    private GrpcTransfers() {}

    private static final class Lengths implements MethodDescriptor.Marshaller<Integer> {
        @Override
        public InputStream stream(Integer value) {
            throw new UnsupportedOperationException(ReadResponse.class + " is only received");
        }

        @Override
        public Integer parse(InputStream message) {
            try {
                return message.available();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Reads a resource, and returns the bytes of the messages. */
    static long read(Channel channel, ReadRequest request) {
        Iterator<Integer> lengths = ClientCalls.blockingServerStreamingCall(
                channel, READ, CallOptions.DEFAULT.withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS), request);
        long bytes = 0;
        while (lengths.hasNext()) {
            bytes += lengths.next();
        }
        return bytes;
    }

    /** Writes a resource in messages of 1 MiB, as many as fit into the window. */
    static void write(ByteStreamStub stub, String resource, ByteString content) {
        CompletableFuture<WriteResponse> answer = new CompletableFuture<>();
        stub.withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS).write(new Write(resource, content, answer));
        answer.join();
    }

    /** A write. Its methods are called by one thread at a time. */
    private static final class Write implements ClientResponseObserver<WriteRequest, WriteResponse> {
        private final String resource;
        private final ByteString content;
        private final CompletableFuture<WriteResponse> answer;
        private int sent;

        Write(String resource, ByteString content, CompletableFuture<WriteResponse> answer) {
            this.resource = resource;
            this.content = content;
            this.answer = answer;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WriteRequest> requests) {
            requests.setOnReadyHandler(() -> {
                while (sent < content.size() && requests.isReady()) {
                    send(requests);
                }
            });
        }

        private void send(ClientCallStreamObserver<WriteRequest> requests) {
            int count = Math.min(MESSAGE, content.size() - sent);
            WriteRequest.Builder message = WriteRequest.newBuilder()
                    .setWriteOffset(sent)
                    .setData(content.substring(sent, sent + count))
                    .setFinishWrite(sent + count == content.size());
            if (sent == 0) {
                message.setResourceName(resource);
            }
            requests.onNext(message.build());
            sent += count;
            if (sent == content.size()) {
                requests.onCompleted();
            }
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
        public void onCompleted() {
            answer.completeExceptionally(new BenchmarkException("the server has not answered"));
        }
    }
}
