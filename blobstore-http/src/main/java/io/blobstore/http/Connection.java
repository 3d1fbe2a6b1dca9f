package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Optional;

/**
 * A connection that serves one exchange at a time. Used by one thread at a time; see {@link NonBlockingSocket} for what
 * other threads may do.
 */
final class Connection implements Closeable {
    private final Endpoint endpoint;
    private final Optional<Proxies.Proxy> proxy;
    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final BufferedInput input;
    private final Duration stall;
    private final long establishedAt;

    private long idleSince;
    private boolean reusable = true;
    private boolean untouched;
    private long bodySent;

    /**
     * Creates a connection that is established.
     *
     * @param proxy the proxy at the other end, which forwards each request; empty if it is the endpoint itself, also
     *     through a tunnel
     */
    Connection(
            Endpoint endpoint,
            Optional<Proxies.Proxy> proxy,
            NonBlockingSocket socket,
            NetChannel channel,
            Duration stall,
            long now) {
        this.endpoint = endpoint;
        this.proxy = proxy;
        this.socket = socket;
        this.channel = channel;
        this.input = new BufferedInput(socket, channel);
        this.stall = stall;
        establishedAt = now;
        idleSince = now;
    }

    // ---- between exchanges

    Endpoint endpoint() {
        return endpoint;
    }

    /** Returns the proxy that forwards the requests; empty for none. */
    Optional<Proxies.Proxy> proxy() {
        return proxy;
    }

    NonBlockingSocket socket() {
        return socket;
    }

    /** Returns whether another exchange may follow. */
    boolean isReusable() {
        return reusable;
    }

    void markIdle(long now) {
        idleSince = now;
    }

    long idleSince() {
        return idleSince;
    }

    long establishedAt() {
        return establishedAt;
    }

    /** Returns whether the server has closed this idle connection, or sent data without a request. */
    boolean isStale() throws ClosedByInterruptException {
        try {
            return input.poll() != 0;
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            return true;
        }
    }

    /** Returns whether no byte of the last request was sent, so that it can safely be sent again elsewhere. */
    boolean isUntouched() {
        return untouched;
    }

    /** Returns the bytes of the last request's body that were sent; over TLS, of one that was cut off, about that. */
    long bodySent() {
        return bodySent;
    }

    // ---- one exchange

    /**
     * Sends a request and receives the response.
     *
     * @param slow the time limit for a slow answer
     */
    HttpResponse exchange(HttpRequest request, byte[] head, ResponseHandler handler, Duration slow) throws IOException {
        reusable = false;
        ResponseReader reader = new ResponseReader(
                socket.clock(), input, channel, stall, request.slowAnswer() ? Optional.of(slow) : Optional.empty());
        RequestWriter writer = new RequestWriter(
                socket, channel, reader, new StallDetector(socket.clock(), stall, StallDetector.PAYLOAD), head);
        untouched = true;
        bodySent = 0;
        boolean whole;
        try {
            whole = writer.send(request);
        } catch (RequestWriter.WriteFailure e) {
            return receiveAfter(e, reader, request.method(), handler);
        } finally {
            untouched = writer.isUntouched();
            bodySent = writer.bodySent();
        }
        HttpResponse response = reader.receive(request.method(), handler, whole);
        reusable = reader.isReusable();
        return response;
    }

    /** Receives the response of a server that responded early and closed: it explains more than the failed write. */
    private static HttpResponse receiveAfter(
            RequestWriter.WriteFailure failure, ResponseReader reader, String method, ResponseHandler handler)
            throws IOException {
        try {
            return reader.receive(method, handler, false);
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

    /** Requests a tunnel from a proxy, and returns the status of the response, which must end with its head. */
    static int connect(NonBlockingSocket socket, byte[] head, Duration stall) throws IOException {
        PlainNetChannel channel = new PlainNetChannel(socket);
        BufferedInput input = new BufferedInput(socket, channel);
        ResponseReader reader = new ResponseReader(socket.clock(), input, channel, stall, Optional.empty());
        RequestWriter writer = new RequestWriter(
                socket, channel, reader, new StallDetector(socket.clock(), stall, StallDetector.ANY), head);
        writer.sendHead();
        int status = reader.head().status();
        if (status / 100 == 2 && input.hasBuffered()) {
            throw ResponseHead.malformed("it continues before the first request");
        }
        return status;
    }

    @Override
    public void close() {
        channel.close();
    }
}
