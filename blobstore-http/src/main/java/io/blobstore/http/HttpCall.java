package io.blobstore.http;

import java.io.IOException;

/** One request and its response. Executed once, by one thread; may be cancelled by any. */
public interface HttpCall {
    /**
     * Sends the request and receives the response. Blocks, and first of all until there may be a connection for it.
     * When it returns or throws, nothing refers to the request's body or the sink's target any more.
     *
     * <p>An interrupt ends the wait, or closes the connection; the call then fails with
     * {@link java.nio.channels.ClosedByInterruptException}, and the thread's interrupt status is set.
     *
     * @return the response, whatever its status
     * @throws TransportException if there is no complete response
     * @throws IOException what the request's body or the sink throws, unchanged
     * @throws IllegalStateException if the transport is closed
     */
    HttpResponse execute(ResponseHandler sink) throws IOException;

    /** Ends the wait for a connection, or closes it: {@link #execute} fails soon. Does not wait for it. Idempotent. */
    void cancel();
}
