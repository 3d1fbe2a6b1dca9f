package io.blobstore.gcs.grpc;

import com.google.storage.v2.BidiWriteObjectRequest;
import com.google.storage.v2.BidiWriteObjectResponse;
import com.google.storage.v2.StorageGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A stream of BidiWriteObject. One thread sends; responses wait in a queue until it takes them. {@link #cancel} may be
 * called by any thread.
 */
final class WriteStream {
    /** What the server sends. */
    sealed interface Event {}

    /** A response. */
    record Response(BidiWriteObjectResponse message) implements Event {}

    /** The end of the stream: the last event. The status is OK if the server has closed it. */
    record End(Status status, Metadata trailers) implements Event {}

    private final ClientCall<BidiWriteObjectRequest, BidiWriteObjectResponse> call;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

    private WriteStream(ClientCall<BidiWriteObjectRequest, BidiWriteObjectResponse> call) {
        this.call = call;
    }

    /** Opens a stream, without waiting for the server. */
    static WriteStream open(Channel channel, CallOptions options, Metadata header) {
        WriteStream stream = new WriteStream(channel.newCall(StorageGrpc.getBidiWriteObjectMethod(), options));
        stream.call.start(stream.new Listener(), header);
        stream.call.request(1);
        return stream;
    }

    /**
     * Sends a message, or nothing if the stream has ended. gRPC has read the message's content when the server has
     * answered it, and not before.
     */
    void send(BidiWriteObjectRequest message) {
        call.sendMessage(message);
    }

    /** Tells the server that no further messages follow. */
    void halfClose() {
        call.halfClose();
    }

    /** Ends the stream at once; the thread that takes events gets {@link End} with CANCELLED. */
    void cancel() {
        call.cancel("the upload was ended", null);
    }

    /** Returns the next event, or null if none comes within a time. */
    @Nullable Event poll(long nanos) throws InterruptedException {
        return events.poll(nanos, TimeUnit.NANOSECONDS);
    }

    private final class Listener extends ClientCall.Listener<BidiWriteObjectResponse> {
        @Override
        public void onMessage(BidiWriteObjectResponse message) {
            events.add(new Response(message));
            call.request(1);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            events.add(new End(status, trailers));
        }
    }
}
