package io.blobstore.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Transfers bytes to and from a peer, plain or through TLS. No method blocks; the caller waits by the channel's
 * {@link NonBlockingSocket}. Used by one thread at a time.
 */
sealed interface NetChannel extends Closeable permits PlainNetChannel, TlsNetChannel {
    /**
     * Takes as many bytes from the sources as possible without blocking, and advances their positions. The sources are
     * not used after that.
     *
     * @return the number of bytes taken; 0 if the socket is full
     */
    long write(ByteBuffer[] sources) throws IOException;

    /** Sends bytes that were taken but are still buffered; returns true if none are left. */
    boolean flush() throws IOException;

    /**
     * Reads what has arrived into the target.
     *
     * @return the number of bytes; 0 if nothing has arrived, -1 at the end
     */
    int read(ByteBuffer target) throws IOException;

    /** Returns whether the peer closed the connection properly, after {@link #read} reported the end. */
    boolean endIsGenuine();

    /**
     * Returns whether bytes have arrived that {@link #read} did not return yet, as far as is known without reading from
     * the socket.
     */
    boolean hasBuffered();

    /** Closes the socket and frees buffers. Idempotent. */
    @Override
    void close();
}
