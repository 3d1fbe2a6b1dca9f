package io.blobstore.http;

import java.util.Optional;

/**
 * A response.
 *
 * @param status from 200 to 599
 * @param headers its fields
 * @param body what was kept of the body: nothing if it went to a target; of a large error body the beginning only
 * @param received bytes that went to the sink's target
 */
public record HttpResponse(int status, HttpHeaders headers, Body body, long received) {
    /** Whether the status is 2xx. */
    public boolean isSuccess() {
        return status / 100 == 2;
    }

    /** The first value of a header field. */
    public Optional<String> header(String name) {
        return headers.first(name);
    }

    @Override
    public String toString() {
        return "HttpResponse[" + status + ", " + headers + ", " + body.bytes().length + " bytes kept]";
    }

    /**
     * A kept body.
     *
     * @param bytes to be left unchanged
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    public record Body(byte[] bytes) {
        static final Body EMPTY = new Body(new byte[0]);
    }
}
