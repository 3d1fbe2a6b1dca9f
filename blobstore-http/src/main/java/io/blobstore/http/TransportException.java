package io.blobstore.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reports that a request could not be sent, or its response not received, because of the network or the server. */
public final class TransportException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    /** The kinds of failure. */
    public enum Kind {
        /** The host's name has no address. */
        UNKNOWN_HOST,
        /** No connection was established: it was refused, the host is unreachable, or the time limit expired. */
        CONNECT,
        /** The proxy refused the connection. */
        PROXY,
        /** The TLS handshake failed, or the certificate is not trusted or belongs to another host. */
        TLS,
        /** Fewer bytes than required were transferred within the stall timeout. */
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

    /** Creates the exception for a cancelled call. */
    static TransportException cancelled() {
        return new TransportException(Kind.CANCELLED, "the request was cancelled", null);
    }

    /** Returns the kind of the failure. */
    public Kind kind() {
        return kind;
    }
}
