package io.blobstore.http;

import java.io.IOException;

/** A request and its response. It is executed once, by one thread, and may be cancelled by any thread. */
public interface HttpCall {
    /**
     * Sends the request and receives the response. Blocks, first until a connection is available. When it returns or
     * throws, nothing refers to the request's body or the handler's target any more.
     *
     * <p>An interrupt ends the wait, or closes the connection; the call then fails with
     * {@link java.nio.channels.ClosedByInterruptException}, and the thread's interrupt status is set.
     *
     * @return the response, whatever its status
     * @throws TransportException if there is no complete response
     * @throws IOException if the request's body or the handler throws one, which is passed on unchanged
     * @throws IllegalStateException if the client is closed
     */
    HttpResponse execute(ResponseHandler handler) throws IOException;

    /**
     * Makes {@link #execute} fail soon: ends its wait for a connection, or closes the connection. Does not block.
     * Idempotent.
     */
    void cancel();
}
