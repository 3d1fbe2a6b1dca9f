package io.blobstore.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Transfers bytes to and from a peer, plain or through TLS. No method blocks; the caller waits with
 * {@link NonBlockingSocket#await}. Used by one thread at a time.
 */
sealed interface NetChannel extends Closeable permits PlainNetChannel, TlsNetChannel {
    /**
     * Accepts as many bytes of the sources as possible without blocking, and advances their positions. The sources are
     * not used after this method returns.
     *
     * @return the number of bytes accepted; 0 if the socket's buffer is full
     */
    long write(ByteBuffer[] sources) throws IOException;

    /** Sends bytes that were accepted and are still buffered; returns whether none are left. */
    boolean flush() throws IOException;

    /**
     * Reads what has arrived into the target, from its position to its limit.
     *
     * @return the number of bytes; 0 if nothing has arrived, -1 at the end
     */
    int read(ByteBuffer target) throws IOException;

    /** Returns whether the peer itself ended the data, after {@link #read} returned -1: over TLS, by close_notify. */
    boolean isEndAuthentic();

    /**
     * Returns whether bytes have arrived that {@link #read} did not return yet, as far as is known without reading from
     * the socket.
     */
    boolean hasBuffered();

    /** Closes the socket and frees buffers. Idempotent. */
    @Override
    void close();
}
