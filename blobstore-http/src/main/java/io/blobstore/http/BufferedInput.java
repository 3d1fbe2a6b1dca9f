package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SelectionKey;
import javax.net.ssl.SSLException;

/**
 * Reads from a peer and blocks until data arrives: heads byte by byte through a small buffer, payload directly into the
 * caller's memory. Used by one thread at a time.
 */
final class BufferedInput {
    /**
     * The maximum number of bytes that one read puts into the buffer. Payload that arrives together with a head is
     * copied out of it, so this bounds the copied bytes of a response.
     */
    static final int BUFFER_SIZE = 4 << 10;

    private final NonBlockingSocket socket;
    private final NetChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).limit(0);

    BufferedInput(NonBlockingSocket socket, NetChannel channel) {
        this.socket = socket;
        this.channel = channel;
    }

    /** Blocks until the next byte arrives, and returns it, or -1 at the end. */
    int next(StallDetector watch) throws IOException {
        if (!buffer.hasRemaining() && !await(watch)) {
            return -1;
        }
        return buffer.get() & 0xff;
    }

    /** Blocks until a byte can be read; returns false at the end. */
    boolean await(StallDetector watch) throws IOException {
        while (!buffer.hasRemaining()) {
            int bytes = poll();
            if (bytes < 0) {
                return false;
            }
            if (bytes == 0) {
                socket.await(SelectionKey.OP_READ, watch.remaining(), "the server's response");
            }
        }
        return true;
    }

    /** Reads what has arrived, possibly nothing, into the empty buffer; returns -1 at the end. */
    int poll() throws IOException {
        buffer.clear();
        try {
            return read(buffer);
        } finally {
            buffer.flip();
        }
    }

    /**
     * Blocks until at least one byte was read into the target, which must have room; returns the number of bytes, or -1
     * at the end.
     */
    int read(ByteBuffer target, StallDetector watch) throws IOException {
        int bytes;
        if (buffer.hasRemaining()) {
            bytes = Math.min(buffer.remaining(), target.remaining());
            target.put(buffer.slice(buffer.position(), bytes));
            buffer.position(buffer.position() + bytes);
        } else {
            for (bytes = read(target); bytes == 0; bytes = read(target)) {
                socket.await(SelectionKey.OP_READ, watch.remaining(), "the rest of the server's response");
            }
        }
        if (bytes > 0) {
            watch.moved(bytes);
        }
        return bytes;
    }

    private int read(ByteBuffer target) throws IOException {
        try {
            return channel.read(target);
        } catch (SSLException | TransportException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw new TransportException(Kind.CLOSED, "the connection was lost (" + e.getMessage() + ")", e);
        }
    }

    /** Returns whether bytes have arrived that are not read yet. */
    boolean hasBuffered() {
        return buffer.hasRemaining() || channel.hasBuffered();
    }
}
