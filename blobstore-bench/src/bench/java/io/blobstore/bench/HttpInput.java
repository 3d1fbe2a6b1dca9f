package io.blobstore.bench;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The incoming half of an HTTP/1.1 connection: heads, and bodies that are read into place or thrown away. */
final class HttpInput {
    private static final int BUFFER = 256 * 1024;

    private final Wire wire;
    /** What has arrived; between calls ready to be read. */
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).limit(0);

    HttpInput(Wire wire) {
        this.wire = wire;
    }

    /** The next head; empty if the peer has closed the connection between two messages. */
    Optional<HttpHead> head() throws IOException {
        int length;
        while ((length = headLength()) < 0) {
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
        return Optional.of(HttpHead.parse(text(length)));
    }

    /** The bytes up to and with the empty line; -1 if it has not arrived. */
    private int headLength() {
        for (int at = buffer.position() + 3; at < buffer.limit(); at++) {
            if (buffer.get(at) == '\n' && buffer.get(at - 2) == '\n') {
                return at + 1 - buffer.position();
            }
        }
        return -1;
    }

    private String text(int length) {
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private boolean receive() throws IOException {
        buffer.compact();
        int count = wire.read(buffer);
        buffer.flip();
        return count >= 0;
    }

    /** Reads some bytes of a body into the target, without a copy but for those that came with the head. */
    int read(ByteBuffer target) throws IOException {
        if (buffer.hasRemaining()) {
            int count = Math.min(buffer.remaining(), target.remaining());
            target.put(buffer.slice(buffer.position(), count));
            buffer.position(buffer.position() + count);
            return count;
        }
        int count = wire.read(target);
        if (count < 0) {
            throw new EOFException("the connection was closed inside a body");
        }
        return count;
    }

    /**
     * Reads a body and throws it away, but for its beginning.
     *
     * @param beginning gets the first bytes, as many as it has room for
     * @return the number of bytes
     */
    long discardBody(HttpHead head, ByteBuffer beginning) throws IOException {
        if (!head.isChunked()) {
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
            if (!buffer.hasRemaining() && !receive()) {
                throw new EOFException("the connection was closed inside a body");
            }
            char next = (char) buffer.get();
            if (next == '\n') {
                return line.toString().strip();
            }
            line.append(next);
        }
    }

    private void discard(long length, ByteBuffer beginning) throws IOException {
        for (long left = length; left > 0; ) {
            if (!buffer.hasRemaining() && !receive()) {
                throw new EOFException("the connection was closed inside a body");
            }
            int count = (int) Math.min(left, buffer.remaining());
            beginning.put(buffer.slice(buffer.position(), Math.min(count, beginning.remaining())));
            buffer.position(buffer.position() + count);
            left -= count;
        }
    }
}
