package io.blobstore.http;

import io.blobstore.BlobSource;
import java.util.Optional;

/**
 * A request. The transport adds {@code Host} where it is missing, and {@code Content-Length}; everything else is the
 * caller's.
 *
 * @param method in upper case
 * @param endpoint where to send it
 * @param target path and query, percent-encoded as they go on the wire
 * @param headers the fields
 * @param body content of known length; empty for none. It is leased while it is written, and not beyond the call
 * @param expectContinue whether to wait, for a moment, for the server's leave before the body is sent
 */
public record HttpRequest(
        String method,
        Endpoint endpoint,
        String target,
        HttpHeaders headers,
        Optional<BlobSource> body,
        boolean expectContinue) {
    /** Refuses what would break the request line, and fields that are the transport's. */
    public HttpRequest {
        if (!HttpSyntax.isToken(method)) {
            throw new IllegalArgumentException("the method must be a token");
        }
        if (!target.startsWith("/") || !HttpSyntax.isTarget(target)) {
            throw new IllegalArgumentException("the target must begin with '/' and be percent-encoded");
        }
        for (String name : HttpSyntax.FRAMING) {
            if (headers.first(name).isPresent()) {
                throw new IllegalArgumentException("header field '" + name + "' is set by the client");
            }
        }
    }

    /** A request without body. */
    public static HttpRequest of(String method, Endpoint endpoint, String target, HttpHeaders headers) {
        return new HttpRequest(method, endpoint, target, headers, Optional.empty(), false);
    }

    /** A request with a body. */
    public static HttpRequest of(
            String method, Endpoint endpoint, String target, HttpHeaders headers, BlobSource body) {
        return new HttpRequest(method, endpoint, target, headers, Optional.of(body), false);
    }

    /** Method, endpoint and path: a query may carry a signature. */
    @Override
    public String toString() {
        int query = target.indexOf('?');
        return method + " " + endpoint + (query < 0 ? target : target.substring(0, query) + "?…");
    }
}
