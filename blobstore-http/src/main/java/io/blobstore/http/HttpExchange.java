package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A call of a client: waits for a slot, obtains a connection, runs the exchange, and returns or closes the connection.
 * It holds at most one connection at a time, and none when it ends.
 */
final class HttpExchange implements HttpCall {
    private final HttpClient client;
    private final HttpRequest request;
    private final AtomicBoolean executed = new AtomicBoolean();

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
        try {
            return run(handler);
        } catch (SSLException e) {
            throw TlsExceptionTranslator.translate(request.endpoint(), e);
        } finally {
            client.unregister(this);
        }
    }

    /** Returns whether the answer takes as long as the server's work. */
    boolean isSlow() {
        return request.slowAnswer();
    }

    private HttpResponse run(ResponseHandler handler) throws IOException {
        byte[] head = head();
        ConnectionPool.Slot slot = client.pool().slot(request.endpoint());
        use(slot::cancel);
        try {
            for (Optional<Connection> idle = slot.take(); idle.isPresent(); idle = slot.another()) {
                Connection connection = idle.get();
                if (!isAlive(connection)) {
                    continue;
                }
                try {
                    return exchange(connection, slot, head, handler);
                } catch (TransportException e) {
                    boolean stale = e.kind() == Kind.CLOSED && connection.isUntouched();
                    if (!stale) {
                        throw e;
                    }
                }
            }
            Connection established = client.connector().connect(request.endpoint(), socket -> use(socket::cancel));
            return exchange(established, slot, head, handler);
        } finally {
            slot.giveBack();
        }
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
    private HttpResponse exchange(Connection connection, ConnectionPool.Slot slot, byte[] head, ResponseHandler handler)
            throws IOException {
        boolean reusable = false;
        try {
            HttpResponse response = connection.exchange(request, head, handler, client.answerTimeout());
            reusable = connection.isReusable();
            return response;
        } finally {
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

    private byte[] head() {
        StringBuilder head = new StringBuilder(512)
                .append(request.method())
                .append(' ')
                .append(request.target())
                .append(" HTTP/1.1\r\n");
        if (request.headers().first("Host").isEmpty()) {
            head.append("Host: ").append(request.endpoint().authority()).append("\r\n");
        }
        request.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        if (request.body().isPresent()) {
            head.append("Content-Length: ").append(request.body().get().size()).append("\r\n");
        }
        if (request.expectContinue() && request.body().isPresent()) {
            head.append("Expect: 100-continue\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
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
