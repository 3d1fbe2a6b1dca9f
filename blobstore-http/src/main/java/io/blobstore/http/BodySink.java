package io.blobstore.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Decides where a successful response's body goes, and watches it arrive. Bodies of other responses are kept for the error. */
public interface BodySink {
    /** Keeps the body, up to {@link HttpTransport#MAX_KEPT_BODY} bytes. */
    BodySink KEEP = (status, headers) -> Optional.empty();

    /**
     * Where to put the body of a response with status 2xx. Called once, when its head has arrived.
     *
     * @return the memory to fill from its position to its limit, which must be exactly the body's length; direct memory is
     *     filled in place. Empty to have the body kept
     * @throws IOException if the response is not what was asked for; the call then fails with that, and the body is not read
     */
    Optional<ByteBuffer> target(int status, HttpHeaders headers) throws IOException;

    /**
     * Tells of bytes that have just arrived in the target, in order, each once: the moment to add them to a checksum, while
     * they are in the cache.
     *
     * @param bytes a view of the target, valid until this returns
     */
    default void received(ByteBuffer bytes) {}
}
