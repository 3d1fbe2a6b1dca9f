package io.blobstore.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The receiving side of an HTTP/1.1 connection: reads heads, and reads or discards bodies. Not thread-safe. */
final class HttpInput {
    private static final int BUFFER = 256 * 1024;

    private final NetConnection connection;
    /** Received bytes; ready to be read between calls. */
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).limit(0);

    HttpInput(NetConnection connection) {
        this.connection = connection;
    }

    /** Reads the next head; returns empty if the peer has closed the connection between two messages. */
    Optional<HttpHead> head() throws IOException {
        int length;
        while ((length = headLength(buffer)) < 0) {
            if (buffer.remaining() == buffer.capacity()) {
                throw new IOException("the headers are longer than " + BUFFER + " bytes");
            }
            boolean between = !buffer.hasRemaining();
            if (!receive()) {
                if (between) {
                    return Optional.empty();
                }
                throw new EOFException("the connection was closed inside the headers");
            }
        }
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return Optional.of(HttpHead.parse(new String(bytes, StandardCharsets.ISO_8859_1)));
    }

    /** Returns the number of received bytes up to and including the empty line; -1 if it is not among them. */
    static int headLength(ByteBuffer received) {
        for (int at = received.position() + 3; at < received.limit(); at++) {
            if (received.get(at) == '\n' && received.get(at - 2) == '\n') {
                return at + 1 - received.position();
            }
        }
        return -1;
    }

    private boolean receive() throws IOException {
        buffer.compact();
        int count = connection.read(buffer);
        buffer.flip();
        return count >= 0;
    }

    private void require() throws IOException {
        if (!buffer.hasRemaining() && !receive()) {
            throw new EOFException("the connection was closed inside a body");
        }
    }

    /** Reads some bytes of a body into the target; copies only those that were received with the head. */
    void read(ByteBuffer target) throws IOException {
        if (buffer.hasRemaining()) {
            int count = Math.min(buffer.remaining(), target.remaining());
            target.put(buffer.slice(buffer.position(), count));
            buffer.position(buffer.position() + count);
        } else if (connection.read(target) < 0) {
            throw new EOFException("the connection was closed inside a body");
        }
    }

    /**
     * Reads a body and discards it, except for its beginning.
     *
     * @param beginning receives the first bytes, as many as it has room for
     * @return the length of the body in bytes
     */
    long discardBody(HttpHead head, ByteBuffer beginning) throws IOException {
        if (!head.has("transfer-encoding", "chunked")) {
            discard(head.contentLength(), beginning);
            return head.contentLength();
        }
        long total = 0;
        for (long length = chunkLength(); length > 0; length = chunkLength()) {
            discard(length, beginning);
            line();
            total += length;
        }
        while (!line().isEmpty()) { // trailers
            continue;
        }
        return total;
    }

    private long chunkLength() throws IOException {
        return Long.parseLong(line().split(";", 2)[0].strip(), 16);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            require();
            char next = (char) buffer.get();
            if (next == '\n') {
                return line.toString().strip();
            }
            line.append(next);
        }
    }

    private void discard(long length, ByteBuffer beginning) throws IOException {
        for (long left = length; left > 0; ) {
            require();
            int count = (int) Math.min(left, buffer.remaining());
            beginning.put(buffer.slice(buffer.position(), Math.min(count, beginning.remaining())));
            buffer.position(buffer.position() + count);
            left -= count;
        }
    }
}
