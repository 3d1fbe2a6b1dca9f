package io.blobstore.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A request could not be sent, or its response not received: the network's or the server's fault, not the content's.
 */
public final class TransportException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** What went wrong. */
    public enum Kind {
        /** The host's name has no address. */
        UNKNOWN_HOST,
        /** No connection: refused, unreachable, or not in time. */
        CONNECT,
        /** The proxy did not let us through. */
        PROXY,
        /** No agreement on TLS, or the certificate is not trusted, or is another host's. */
        TLS,
        /** Nothing, or far too little, moved for too long. */
        TIMEOUT,
        /** The connection ended before the response did. */
        CLOSED,
        /** The answer is no HTTP/1.1 that can be relied on. */
        PROTOCOL,
        /** {@link HttpCall#cancel()}, or the transport was closed. */
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
