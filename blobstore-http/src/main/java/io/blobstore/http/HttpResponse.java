package io.blobstore.http;

import java.util.Optional;

/**
 * A response.
 *
 * @param status from 200 to 599
 * @param headers the fields
 * @param body the kept body: empty if it was received into a target; only the beginning of a large error body
 * @param received the number of bytes received into the handler's target
 */
public record HttpResponse(int status, HttpHeaders headers, Body body, long received) {
    /** Returns whether the status is 2xx. */
    public boolean isSuccess() {
        return status / 100 == 2;
    }

    /** Returns the value of the first header field with a name. */
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
     * @param bytes must not be modified
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Body(byte[] bytes) {
        static final Body EMPTY = new Body(new byte[0]);
    }
}
