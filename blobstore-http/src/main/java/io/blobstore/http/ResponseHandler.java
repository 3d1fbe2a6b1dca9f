package io.blobstore.http;

import io.blobstore.BlobTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Decides where a successful response's body goes, and watches it arrive. Bodies of other responses are kept for the
 * error.
 */
public interface ResponseHandler {
    /** Keeps the body, up to {@link HttpClient#MAX_KEPT_BODY} bytes. */
    ResponseHandler KEEP = (status, headers) -> Optional.empty();

    /**
     * Where to put a body.
     *
     * @param length that the body must have, exactly
     * @param target with room for it; direct memory is filled in place. Nobody flushes it. An exception that it throws
     *     ends the call
     */
    record Body(long length, BlobTarget.Window target) {
        /** Refuses a target without room for the body. */
        public Body {
            if (length > target.remaining()) {
                throw new IllegalArgumentException(
                        "the body has " + length + " bytes, the target room for only " + target.remaining());
            }
        }
    }

    /**
     * Where to put the body of a response with status 2xx. Called once, when its head has arrived.
     *
     * @return empty to have the body kept
     * @throws IOException if the response is not what was asked for; the call then fails with that, and the body is not
     *     read
     */
    Optional<Body> target(int status, HttpHeaders headers) throws IOException;

    /**
     * Tells of bytes that have just arrived in the target, in order, each once: the moment to add them to a checksum,
     * while they are in the cache.
     *
     * @param bytes a view of the target's memory, valid until this returns
     */
    default void received(ByteBuffer bytes) {}
}
