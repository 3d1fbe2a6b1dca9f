package io.blobstore.http.objects;

import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseText;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The fields of an error response: of its header, and of its body, if that can be parsed.
 *
 * @param status the HTTP status
 * @param code the server's code for the error; empty if there is none, as in responses to HEAD
 * @param message the server's text in one line; may be empty
 * @param requestId the id of the request in the server's logs
 * @param bucketRegion the region of the bucket, if the server names one
 * @param retryAfter how long to wait before the next request
 * @param serverTime the server's clock
 * @param redirectHost the host to which a redirect refers; empty if the response is no redirect
 */
public record ErrorResponse(
        int status,
        String code,
        String message,
        Optional<String> requestId,
        Optional<String> bucketRegion,
        Optional<Duration> retryAfter,
        Optional<Instant> serverTime,
        Optional<String> redirectHost) {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    /** Restricts all texts to one line of bounded length. */
    public ErrorResponse {
        code = ResponseText.line(code);
        message = ResponseText.line(message);
        requestId = requestId.map(ResponseText::line);
        bucketRegion = bucketRegion.map(ResponseText::line);
        redirectHost = redirectHost.map(ResponseText::line);
    }

    /** Creates an error response with the header fields that every HTTP server may send. */
    public static ErrorResponse of(
            int status, String code, String message, Function<String, Optional<String>> headerField) {
        return of(status, code, message, headerField, Optional.empty());
    }

    /**
     * Creates an error response with the header fields that every HTTP server may send.
     *
     * @param redirectHost the host that the body names, in case a redirect has no Location
     */
    public static ErrorResponse of(
            int status,
            String code,
            String message,
            Function<String, Optional<String>> headerField,
            Optional<String> redirectHost) {
        Optional<Instant> date = headerField.apply("Date").flatMap(ResponseText::date);
        return new ErrorResponse(
                status,
                code,
                message,
                Optional.empty(),
                Optional.empty(),
                headerField.apply("Retry-After").flatMap(text -> ResponseText.retryAfter(text, date)),
                date,
                isRedirect(status)
                        ? headerField
                                .apply("Location")
                                .flatMap(ErrorResponse::host)
                                .or(() -> redirectHost)
                        : Optional.empty());
    }

    /**
     * Returns whether a status is a redirect. Redirects are never followed: another host must not receive credentials
     * or keys, and its responses are not to be trusted.
     */
    public static boolean isRedirect(int status) {
        return REDIRECTS.contains(status);
    }

    /** Returns the host and port of a URL, without its path and query, which may contain secrets. */
    private static Optional<String> host(String location) {
        try {
            URI uri = new URI(location);
            return Optional.ofNullable(uri.getHost())
                    .map(host -> uri.getPort() < 0 ? host : host + ":" + uri.getPort());
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    /** Creates an error response with the header fields of an HTTP response. */
    public static ErrorResponse of(HttpResponse response, String code, String message) {
        return of(response.status(), code, message, response::header);
    }

    /** Creates an error response without header fields. */
    public static ErrorResponse of(int status, String code, String message) {
        return of(status, code, message, name -> Optional.empty());
    }

    /** Returns a copy with a request id and a region. */
    public ErrorResponse with(Optional<String> id, Optional<String> region) {
        return new ErrorResponse(status, code, message, id, region, retryAfter, serverTime, redirectHost);
    }

    /** Returns whether the code is one of the given codes. */
    public boolean is(String... codes) {
        return Set.of(codes).contains(code);
    }

    /** Returns the code, or the status if there is no code, and the message. */
    @Override
    public String toString() {
        return (code.isEmpty() ? "HTTP " + status : code) + (message.isEmpty() ? "" : ": " + message);
    }
}
