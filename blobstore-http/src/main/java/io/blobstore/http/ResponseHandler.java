package io.blobstore.http;

import io.blobstore.BlobTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Decides where the body of a successful response is received, and observes its bytes as they arrive. Bodies of other
 * responses are kept for the exception.
 */
public interface ResponseHandler {
    /** A handler that keeps the body, up to {@link HttpClient#MAX_KEPT_BODY} bytes. */
    ResponseHandler KEEP = (status, headers) -> Optional.empty();

    /**
     * A handler that keeps a body of up to {@link HttpClient#MAX_SMALL_BODY} bytes: for responses to requests with
     * content, of which many may be in flight.
     */
    ResponseHandler KEEP_SMALL = new ResponseHandler() {
        @Override
        public Optional<Body> target(int status, HttpHeaders headers) {
            return Optional.empty();
        }

        @Override
        public int maxKept() {
            return HttpClient.MAX_SMALL_BODY;
        }
    };

    /**
     * The destination of a body.
     *
     * @param length the length of the body in bytes, or its maximum
     * @param exact whether a shorter body is an error
     * @param target a window with room for it; direct memory is filled in place. It is not flushed. An exception that
     *     it throws ends the call
     */
    record Body(long length, boolean exact, BlobTarget.Window target) {
        /** Checks that the target has room for the body. */
        public Body {
            if (length > target.remaining()) {
                throw new IllegalArgumentException(
                        "the body has " + length + " bytes, the target room for only " + target.remaining());
            }
        }

        /** Creates the destination of a body of known length. */
        public Body(long length, BlobTarget.Window target) {
            this(length, true, target);
        }

        /** Returns the destination of a body whose length its receiver does not know: any up to a maximum. */
        public static Body upTo(long maxLength, BlobTarget.Window target) {
            return new Body(maxLength, false, target);
        }
    }

    /**
     * Returns the destination of the body of a response with status 2xx. Called once, when the head has arrived.
     *
     * @return empty to have the body kept
     * @throws IOException if the response is not the requested one; the call then fails with it, and the body is not
     *     read
     */
    Optional<Body> target(int status, HttpHeaders headers) throws IOException;

    /** Returns the maximum size in bytes of a body that is kept; a larger one is an error. */
    default int maxKept() {
        return HttpClient.MAX_KEPT_BODY;
    }

    /**
     * Receives a view of the bytes that have just arrived in the target, in order and each once, while they are still
     * in the CPU's cache.
     *
     * @param bytes from position to limit; valid until this method returns
     */
    default void received(ByteBuffer bytes) {}
}
