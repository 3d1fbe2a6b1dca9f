package io.blobstore.server.internal.grpc;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/**
 * The messages of one response, each of about 1 MiB at most, as clients accept 4 MiB. Not thread-safe.
 *
 * @param <T> the type of a message
 */
interface Messages<T> extends Closeable {
    /**
     * Returns the next message, to be sent; empty at the end.
     *
     * @param maxBytes the most bytes of content that it may have, if it can be divided
     */
    Optional<T> next(int maxBytes) throws IOException;

    /** Releases what a message holds, unless gRPC has it and releases it. */
    default void discard(T message) {}
}
