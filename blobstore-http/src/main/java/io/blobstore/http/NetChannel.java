package io.blobstore.http;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes to and from a peer, plain or through TLS. Nothing here blocks; who uses it waits by its
 * {@link NonBlockingSocket}. Used by one thread at a time.
 */
sealed interface NetChannel extends Closeable permits PlainNetChannel, TlsNetChannel {
    /**
     * Takes bytes from the sources, as many as can be taken now, and moves their positions. What it has taken it no
     * longer needs the sources for.
     *
     * @return the number of bytes taken; 0 if the socket is full
     */
    long write(ByteBuffer[] sources) throws IOException;

    /** Passes on what was taken but is still held back; true if nothing is held back any more. */
    boolean flush() throws IOException;

    /**
     * Puts what has arrived into the target.
     *
     * @return the number of bytes; 0 if nothing is there, -1 at the end
     */
    int read(ByteBuffer target) throws IOException;

    /** Whether the end that {@link #read} reported was the peer's own word, and not just a cut. */
    boolean endIsGenuine();

    /**
     * Whether bytes have arrived that {@link #read} did not give yet, as far as can be told without asking the socket.
     */
    boolean hasBuffered();

    /** Frees what the wire holds, the link included. Idempotent. */
    @Override
    void close();
}
