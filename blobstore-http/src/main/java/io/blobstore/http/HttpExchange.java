package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A call of a transport: gets a connection, has the exchange done over it, and gives it back or closes it. */
final class HttpExchange implements HttpCall {
    private final HttpTransport transport;
    private final HttpRequest request;
    private final AtomicBoolean executed = new AtomicBoolean();

    // Guarded by this; held for some instructions only:
    private @Nullable Link link;
    private boolean cancelled;

    HttpExchange(HttpTransport transport, HttpRequest request) {
        this.transport = transport;
        this.request = request;
    }

    @Override
    public HttpResponse execute(BodySink sink) throws IOException {
        if (executed.getAndSet(true)) {
            throw new IllegalStateException("a call is executed once");
        }
        transport.enter(this);
        try {
            return run(sink);
        } catch (SSLException e) {
            throw TlsProblems.describe(request.endpoint(), e);
        } finally {
            transport.leave(this);
        }
    }

    private HttpResponse run(BodySink sink) throws IOException {
        byte[] head = head();
        for (Optional<Connection> idle = reuse(); idle.isPresent(); idle = reuse()) {
            Connection connection = idle.get();
            try {
                return exchange(connection, head, sink);
            } catch (TransportException e) {
                boolean stale = e.kind() == Kind.CLOSED && connection.isUntouched();
                if (!stale) {
                    throw e;
                }
            }
        }
        return exchange(transport.connector().connect(request.endpoint(), this::use), head, sink);
    }

    /** An idle connection that is not known to be stale. */
    private Optional<Connection> reuse() throws IOException {
        while (true) {
            Optional<Connection> idle = transport.pool().take(request.endpoint());
            if (idle.isEmpty()) {
                return idle;
            }
            boolean taken = false;
            try {
                use(idle.get().link());
                taken = !idle.get().isStale();
                if (taken) {
                    return idle;
                }
            } finally {
                if (!taken) {
                    close(idle.get());
                }
            }
        }
    }

    private HttpResponse exchange(Connection connection, byte[] head, BodySink sink) throws IOException {
        boolean reusable = false;
        try {
            HttpResponse response = connection.exchange(request, head, sink);
            reusable = connection.isReusable();
            return response;
        } finally {
            if (!reusable || !release()) {
                close(connection);
            } else {
                transport.pool().put(connection);
            }
        }
    }

    private void close(Connection connection) {
        release(); // before the link is closed: a cancellation must not reach one that is
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

    /** Makes a link the one that {@link #cancel()} reaches. */
    private synchronized void use(Link next) throws TransportException {
        if (cancelled) {
            throw new TransportException(Kind.CANCELLED, "the request was cancelled", null);
        }
        link = next;
    }

    /** Lets go of the link; false if it was cancelled, and must not be used by anybody else. */
    private synchronized boolean release() {
        link = null;
        return !cancelled;
    }

    @Override
    public synchronized void cancel() {
        cancelled = true;
        if (link != null) {
            link.cancel();
        }
    }

    @Override
    public String toString() {
        return request.toString();
    }
}
