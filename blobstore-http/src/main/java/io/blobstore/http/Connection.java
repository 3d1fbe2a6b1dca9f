package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;

/**
 * One connection, and exchanges over it, one after the other. Used by one thread at a time; see
 * {@link NonBlockingSocket} for what other threads may do.
 */
final class Connection implements Closeable {
    private final Endpoint endpoint;
    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final BufferedInput input;
    private final Duration stall;
    private final long madeAt;

    private long idleSince;
    private boolean reusable = true;
    private boolean untouched;

    Connection(Endpoint endpoint, NonBlockingSocket socket, NetChannel channel, Duration stall, long now) {
        this.endpoint = endpoint;
        this.socket = socket;
        this.channel = channel;
        this.input = new BufferedInput(socket, channel);
        this.stall = stall;
        madeAt = now;
        idleSince = now;
    }

    // ---- from exchange to exchange

    Endpoint endpoint() {
        return endpoint;
    }

    NonBlockingSocket socket() {
        return socket;
    }

    /** Whether another exchange may follow. */
    boolean isReusable() {
        return reusable;
    }

    void becomesIdle(long now) {
        idleSince = now;
    }

    long idleSince() {
        return idleSince;
    }

    long madeAt() {
        return madeAt;
    }

    /** Whether the server has closed this idle connection meanwhile, or sent something nobody asked for. */
    boolean isStale() throws ClosedByInterruptException {
        try {
            return input.poll() != 0;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            return true;
        }
    }

    /** Whether nothing of the last request left, so that it can be sent again elsewhere without harm. */
    boolean isUntouched() {
        return untouched;
    }

    // ---- one exchange

    /** Sends a request and receives its response. */
    HttpResponse exchange(HttpRequest request, byte[] head, ResponseHandler sink) throws IOException {
        reusable = false;
        ResponseReader reader = new ResponseReader(socket.clock(), input, channel, stall);
        RequestWriter writer = new RequestWriter(
                socket, channel, reader, new StallDetector(socket.clock(), stall, StallDetector.PAYLOAD), head);
        untouched = true;
        boolean whole;
        try {
            whole = writer.send(request);
        } catch (RequestWriter.WriteFailure e) {
            return receiveAfter(e, reader, request.method(), sink);
        } finally {
            untouched = writer.isUntouched();
        }
        HttpResponse response = reader.receive(request.method(), sink, whole);
        reusable = reader.endedWell();
        return response;
    }

    /** A server that answers early and closes makes writing fail. What it said before says more than the failure. */
    private static HttpResponse receiveAfter(
            RequestWriter.WriteFailure failure, ResponseReader reader, String method, ResponseHandler sink)
            throws IOException {
        try {
            return reader.receive(method, sink, false);
        } catch (TransportException e) {
            if (e.kind() == Kind.CANCELLED || e.kind() == Kind.PROTOCOL) {
                throw e;
            }
            TransportException lost = new TransportException(
                    Kind.CLOSED, "the connection was lost while sending (" + failure.getMessage() + ")", failure);
            lost.addSuppressed(e);
            throw lost;
        }
    }

    /** Asks a proxy for a tunnel, and gives its answer's status. Nothing may be behind its head. */
    static int connect(NonBlockingSocket socket, byte[] head, Duration stall) throws IOException {
        PlainNetChannel channel = new PlainNetChannel(socket);
        BufferedInput input = new BufferedInput(socket, channel);
        ResponseReader reader = new ResponseReader(socket.clock(), input, channel, stall);
        RequestWriter writer = new RequestWriter(
                socket, channel, reader, new StallDetector(socket.clock(), stall, StallDetector.ANY), head);
        writer.sendHead();
        int status = reader.head().status();
        if (status / 100 == 2 && input.hasBuffered()) {
            throw ResponseHead.malformed("it says something before it was asked");
        }
        return status;
    }

    @Override
    public void close() {
        channel.close();
    }
}
