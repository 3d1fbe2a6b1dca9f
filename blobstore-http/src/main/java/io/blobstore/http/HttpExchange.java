package io.blobstore.http;

import io.blobstore.BlobSource;
import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A call of a client: waits for a slot, obtains a connection, runs the exchange, and returns or closes the connection.
 * It holds at most one connection at a time, and none when it ends.
 */
final class HttpExchange implements HttpCall {
    /** RFC 9110, section 8.6: requests that may have a body say if they have none. Some gateways respond 411 if not. */
    private static final Set<String> METHODS_WITH_LENGTH = Set.of("PUT", "POST", "PATCH");

    private final HttpClient client;
    private final HttpRequest request;
    private final AtomicBoolean executed = new AtomicBoolean();
    // Used by the thread of the call:
    private HttpHeaders added = HttpHeaders.EMPTY;
    private @Nullable ExchangeMeter meter;

    // Guarded by this, which is held briefly only:
    private @Nullable Runnable canceller;
    private boolean cancelled;

    HttpExchange(HttpClient client, HttpRequest request) {
        this.client = client;
        this.request = request;
    }

    @Override
    public HttpResponse execute(ResponseHandler handler) throws IOException {
        if (executed.getAndSet(true)) {
            throw new IllegalStateException("a call can be executed only once");
        }
        client.register(this);
        ExchangeMeter metering = client.listener()
                .map(listener -> new ExchangeMeter(listener, handler))
                .orElse(null);
        meter = metering;
        try {
            added = client.addedHeaders(request);
            HttpResponse response = run(metering == null ? handler : metering);
            if (metering != null) {
                metering.responded(response);
            }
            return response;
        } catch (SSLException e) {
            throw TlsExceptionTranslator.translate(request.endpoint(), e);
        } finally {
            client.unregister(this);
            if (metering != null) {
                metering.report();
            }
        }
    }

    /** Returns whether the answer takes as long as the server's work. */
    boolean isSlow() {
        return request.slowAnswer();
    }

    private HttpResponse run(ResponseHandler handler) throws IOException {
        ConnectionPool.Slot slot = client.pool().slot(request.endpoint());
        use(slot::cancel);
        try {
            for (Optional<Connection> idle = slot.take(); idle.isPresent(); idle = slot.another()) {
                Connection connection = idle.get();
                if (!isAlive(connection)) {
                    continue;
                }
                try {
                    return exchange(connection, slot, handler);
                } catch (TransportException e) {
                    boolean stale = e.kind() == Kind.CLOSED && connection.isUntouched();
                    if (!stale) {
                        throw e;
                    }
                }
            }
            Connection established = client.connector().connect(request.endpoint(), socket -> use(socket::cancel));
            return exchange(established, slot, handler);
        } finally {
            slot.giveBack();
        }
    }

    private HttpResponse send(Connection connection, ResponseHandler handler) throws IOException {
        Optional<Proxies.Proxy> proxy = connection.proxy();
        if (proxy.isEmpty()) {
            return connection.exchange(request, head(proxy), handler, client.answerTimeout());
        }
        HttpResponse response;
        try {
            response = connection.exchange(request, head(proxy), handler, client.answerTimeout());
        } catch (TransportException e) {
            throw e.kind() == Kind.CANCELLED
                    ? e
                    : new TransportException(
                            e.kind(), "through the HTTP proxy " + proxy.get() + ": " + e.getMessage(), e);
        }
        if (response.status() == Proxies.AUTHENTICATION_REQUIRED) {
            throw proxy.get().refusal(response.status(), request.endpoint());
        }
        return response;
    }

    /** Returns whether an idle connection can be used; closes a stale one. */
    private boolean isAlive(Connection connection) throws IOException {
        boolean alive = false;
        try {
            use(connection.socket()::cancel);
            alive = !connection.isStale();
            return alive;
        } finally {
            if (!alive) {
                close(connection);
            }
        }
    }

    /** Runs the exchange, and gives connection and slot back, or closes the connection. */
    private HttpResponse exchange(Connection connection, ConnectionPool.Slot slot, ResponseHandler handler)
            throws IOException {
        boolean reusable = false;
        if (meter != null) {
            meter.connected();
        }
        try {
            HttpResponse response = send(connection, handler);
            reusable = connection.isReusable();
            return response;
        } finally {
            if (meter != null) {
                meter.sent(connection.bodySent());
            }
            if (!reusable || !release()) {
                close(connection);
            } else {
                slot.giveBack(connection);
            }
        }
    }

    private void close(Connection connection) {
        release(); // first, as a cancellation must not reach a closed socket
        connection.close();
    }

    /**
     * Returns the request's head. A proxy that forwards it needs the whole URL (RFC 9112, section 3.2.2), and its own
     * credentials, which no server receives.
     */
    private byte[] head(Optional<Proxies.Proxy> proxy) {
        StringBuilder head = new StringBuilder(512)
                .append(request.method())
                .append(' ')
                .append(proxy.isPresent() ? request.endpoint() : "")
                .append(request.target())
                .append(" HTTP/1.1\r\n");
        proxy.ifPresent(forwarding -> forwarding.addCredentials(head));
        if (request.headers().first("Host").isEmpty()) {
            head.append("Host: ").append(request.endpoint().authority()).append("\r\n");
        }
        append(request.headers(), head);
        append(added, head);
        if (request.body().isPresent() || METHODS_WITH_LENGTH.contains(request.method())) {
            long length = request.body().map(BlobSource::size).orElse(0L);
            head.append("Content-Length: ").append(length).append("\r\n");
        }
        if (request.expectContinue() && request.body().isPresent()) {
            head.append("Expect: 100-continue\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void append(HttpHeaders fields, StringBuilder head) {
        fields.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    }

    // ---- cancellation

    /** Sets the action by which {@link #cancel()} ends the next wait, for a slot or for a socket. */
    private synchronized void use(Runnable next) throws TransportException {
        if (cancelled) {
            throw TransportException.cancelled();
        }
        canceller = next;
    }

    /** Detaches the socket from {@link #cancel()}; returns false if it was cancelled, and must not be reused. */
    private synchronized boolean release() {
        canceller = null;
        return !cancelled;
    }

    @Override
    public synchronized void cancel() {
        cancelled = true;
        if (canceller != null) {
            canceller.run();
        }
    }

    @Override
    public String toString() {
        return request.toString();
    }
}
