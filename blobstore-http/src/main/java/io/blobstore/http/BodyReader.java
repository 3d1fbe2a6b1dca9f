package io.blobstore.http;

import io.blobstore.http.TransportException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;

/** Reads a response's body without its framing. Used by one thread at a time. */
sealed interface BodyReader {
    /** Blocks until at least one byte is in the target, which must have room; returns -1 after the body's last byte. */
    int read(ByteBuffer target, StallDetector watch) throws IOException;

    /** Returns the reader for a length as {@link ResponseHead#bodyLength} returns it. */
    static BodyReader of(BufferedInput input, NetChannel channel, long length) {
        if (length == ResponseHead.CHUNKED) {
            return new Chunked(input);
        }
        return length == ResponseHead.UNKNOWN_LENGTH ? new UntilClose(input, channel) : new Fixed(input, length);
    }

    private static int readSome(BufferedInput input, ByteBuffer target, long maxBytes, StallDetector watch)
            throws IOException {
        int limit = target.limit();
        target.limit((int) Math.min(limit, target.position() + maxBytes));
        try {
            int bytes = input.read(target, watch);
            if (bytes < 0) {
                throw new TransportException(Kind.CLOSED, "the connection ended within the server's response", null);
            }
            return bytes;
        } finally {
            target.limit(limit);
        }
    }

    /** Reads a body of known length. */
    final class Fixed implements BodyReader {
        private final BufferedInput input;
        private long left;

        private Fixed(BufferedInput input, long length) {
            this.input = input;
            left = length;
        }

        @Override
        public int read(ByteBuffer target, StallDetector watch) throws IOException {
            if (left == 0) {
                return -1;
            }
            int bytes = readSome(input, target, left, watch);
            left -= bytes;
            return bytes;
        }
    }

    /** Reads a body in chunks (RFC 9112, section 7.1). Ignores extensions and trailers. */
    final class Chunked implements BodyReader {
        private static final Pattern SIZE = Pattern.compile("[0-9a-fA-F]{1,15}");

        private final BufferedInput input;
        private long left;
        private boolean begun;
        private boolean ended;

        private Chunked(BufferedInput input) {
            this.input = input;
        }

        @Override
        public int read(ByteBuffer target, StallDetector watch) throws IOException {
            if (left == 0 && !ended) {
                nextChunk(watch);
            }
            if (ended) {
                return -1;
            }
            int bytes = readSome(input, target, left, watch);
            left -= bytes;
            return bytes;
        }

        private void nextChunk(StallDetector watch) throws IOException {
            ResponseHead.Lines lines = new ResponseHead.Lines(input, watch);
            if (begun && !lines.next().isEmpty()) {
                throw ResponseHead.malformed("a chunk is longer than its size");
            }
            begun = true;
            left = size(lines.next());
            if (left == 0) {
                ended = true;
                while (!lines.next().isEmpty()) {
                    watch.remaining(); // a trailer, bounded by the size of a head
                }
            }
        }

        private static long size(String line) throws TransportException {
            int semicolon = line.indexOf(';');
            String digits = semicolon < 0 ? line : HttpSyntax.trim(line.substring(0, semicolon));
            if (!SIZE.matcher(digits).matches()) {
                throw ResponseHead.malformed("a chunk has no valid size");
            }
            return Long.parseLong(digits, 16);
        }
    }

    /** Reads a body up to the end of the connection, which the server must have closed. */
    final class UntilClose implements BodyReader {
        private final BufferedInput input;
        private final NetChannel channel;

        private UntilClose(BufferedInput input, NetChannel channel) {
            this.input = input;
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target, StallDetector watch) throws IOException {
            int bytes = input.read(target, watch);
            if (bytes < 0 && !channel.isEndAuthentic()) {
                throw new TransportException(Kind.CLOSED, "the connection was cut within the server's response", null);
            }
            return bytes;
        }
    }
}
