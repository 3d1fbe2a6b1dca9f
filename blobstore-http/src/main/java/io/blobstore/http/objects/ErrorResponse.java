package io.blobstore.http.objects;

import io.blobstore.http.HttpResponse;
import io.blobstore.http.ResponseText;
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
 */
public record ErrorResponse(
        int status,
        String code,
        String message,
        Optional<String> requestId,
        Optional<String> bucketRegion,
        Optional<Duration> retryAfter,
        Optional<Instant> serverTime) {
    /** Restricts all texts to one line of bounded length. */
    public ErrorResponse {
        code = ResponseText.line(code);
        message = ResponseText.line(message);
        requestId = requestId.map(ResponseText::line);
        bucketRegion = bucketRegion.map(ResponseText::line);
    }

    /** Creates an error response with the header fields that every HTTP server may send. */
    public static ErrorResponse of(
            int status, String code, String message, Function<String, Optional<String>> headerField) {
        Optional<Instant> date = headerField.apply("Date").flatMap(ResponseText::date);
        return new ErrorResponse(
                status,
                code,
                message,
                Optional.empty(),
                Optional.empty(),
                headerField.apply("Retry-After").flatMap(text -> ResponseText.retryAfter(text, date)),
                date);
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
        return new ErrorResponse(status, code, message, id, region, retryAfter, serverTime);
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
