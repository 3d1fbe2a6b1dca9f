package io.blobstore.http;

import io.blobstore.BlobSource;
import java.util.Optional;

/**
 * A request. The client adds {@code Host} if it is missing, and {@code Content-Length}, which is 0 for PUT, POST and
 * PATCH without a body; everything else is the caller's.
 *
 * @param method the method in upper case
 * @param endpoint the server to send it to
 * @param target the path and query, percent-encoded
 * @param headers the fields
 * @param body the content, whose length is known; empty for none. Its memory is used during the call only
 * @param expectContinue whether to send {@code Expect: 100-continue} and wait briefly before sending the body
 * @param slowAnswer whether the answer takes as long as the server's work, as for a copy: then the client's
 *     {@linkplain HttpClient.Builder#answerTimeout time limit for answers} applies to it, not the stall timeout
 */
public record HttpRequest(
        String method,
        Endpoint endpoint,
        String target,
        HttpHeaders headers,
        Optional<BlobSource> body,
        boolean expectContinue,
        boolean slowAnswer) {
    /**
     * Creates a request.
     *
     * @throws IllegalArgumentException if the method or target would break the request line, or a header field is one
     *     that the client sets
     */
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

    /** Creates a request without a body. */
    public static HttpRequest of(String method, Endpoint endpoint, String target, HttpHeaders headers) {
        return new HttpRequest(method, endpoint, target, headers, Optional.empty(), false, false);
    }

    /** Creates a request with a body. */
    public static HttpRequest of(
            String method, Endpoint endpoint, String target, HttpHeaders headers, BlobSource body) {
        return new HttpRequest(method, endpoint, target, headers, Optional.of(body), false, false);
    }

    /** Creates a request whose answer is not slow. */
    public HttpRequest(
            String method,
            Endpoint endpoint,
            String target,
            HttpHeaders headers,
            Optional<BlobSource> body,
            boolean expectContinue) {
        this(method, endpoint, target, headers, body, expectContinue, false);
    }

    /** Returns the method, endpoint and path, without the query, which may contain a signature. */
    @Override
    public String toString() {
        int query = target.indexOf('?');
        return method + " " + endpoint + (query < 0 ? target : target.substring(0, query) + "?…");
    }
}
