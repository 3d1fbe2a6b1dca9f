package io.blobstore.bench;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A response of the server.
 *
 * @param headers all headers except Content-Length
 * @param text the body, unless the body is content
 * @param from the offset in the served object at which the body begins
 * @param to the offset at which the body ends; equal to {@code from} if the body is not content
 * @param length the Content-Length
 */
record Response(String status, Map<String, String> headers, String text, long from, long to, long length) {
    static Response of(String status, Map<String, String> headers, String text) {
        return new Response(status, headers, text, 0, 0, text.getBytes(StandardCharsets.UTF_8).length);
    }

    /** Returns an error in the format of S3. */
    static Response error(String status, String code) {
        String body = "<Error><Code>" + code + "</Code><Message>" + code + "</Message></Error>";
        return of(status, Map.of("Content-Type", "application/xml"), body);
    }

    static Response notImplemented() {
        return error("501 Not Implemented", "NotImplemented");
    }

    /** Returns the bytes of content in the body. */
    long sent() {
        return to - from;
    }
}
