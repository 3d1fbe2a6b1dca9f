package io.blobstore.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reports that a request could not be sent, or its response not received, because of the network or the server. */
public final class TransportException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What went wrong. */
    public enum Kind {
        /** The host's name has no address. */
        UNKNOWN_HOST,
        /** No connection: refused, unreachable, or not in time. */
        CONNECT,
        /** The proxy refused the connection. */
        PROXY,
        /** The TLS handshake failed, or the certificate is not trusted or belongs to another host. */
        TLS,
        /** Too few bytes were transferred for too long. */
        TIMEOUT,
        /** The connection ended before the response did. */
        CLOSED,
        /** The response is not valid HTTP/1.1. */
        PROTOCOL,
        /** {@link HttpCall#cancel()} was called, or the client was closed. */
        CANCELLED
    }

    TransportException(Kind kind, String problem, @Nullable Throwable cause) {
        super(problem, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
