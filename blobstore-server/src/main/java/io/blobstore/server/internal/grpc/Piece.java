package io.blobstore.server.internal.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * A {@code google.bytestream.ReadResponse} whose data are in off-heap memory. The message is encoded here, as the
 * generated class would copy the data to the heap first.
 *
 * <p>The memory is returned to its pool when gRPC closes the stream of the encoded message, which it does when it has
 * copied it to the connection's buffers; or by {@link #discard}, if gRPC did not ask for the stream.
 */
final class Piece {
    /** Writes messages; reads none, as only servers use it. */
    static final Marshaller<Piece> MARSHALLER = new Marshaller<>() {
        @Override
        public InputStream stream(Piece piece) {
            return piece.encode();
        }

        @Override
        public Piece parse(InputStream stream) {
            throw new IllegalStateException("a server reads no responses");
        }
    };

    /** Field 10 of {@code ReadResponse}, with a length. */
    private static final int DATA = (10 << 3) | 2;

    private static final int SCRATCH = 16 << 10;

    private final ByteBuffer data;
    private final Runnable release;
    private boolean encoded;

    /**
     * Creates a message.
     *
     * @param data its data, from the position to the limit
     * @param release returns the memory of the data; idempotent
     */
    Piece(ByteBuffer data, Runnable release) {
        this.data = data;
        this.release = release;
    }

    /** Returns the number of bytes of its data. */
    int length() {
        return data.remaining();
    }

    /** Returns the memory, unless gRPC has it and returns it. */
    void discard() {
        if (!encoded) {
            release.run();
        }
    }

    private InputStream encode() {
        encoded = true;
        return new Encoded(data.duplicate(), release);
    }

    private static byte[] header(int length) {
        ByteArrayOutputStream header = new ByteArrayOutputStream(8);
        header.write(DATA);
        int rest = length;
        while (rest > 0x7F) {
            header.write((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        header.write(rest);
        return header.toByteArray();
    }

    /** The encoded message: gRPC asks for its length, and has it written. */
    private static final class Encoded extends InputStream implements Drainable, KnownLength {
        private final ByteBuffer data;
        private final Runnable release;
        private final ByteArrayInputStream header;

        Encoded(ByteBuffer data, Runnable release) {
            this.data = data;
            this.release = release;
            this.header = new ByteArrayInputStream(header(data.remaining()));
        }

        @Override
        public int available() {
            return header.available() + data.remaining();
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int length = available();
            header.transferTo(target);
            byte[] scratch = new byte[Math.min(SCRATCH, data.remaining())];
            while (data.hasRemaining()) {
                int bytes = Math.min(scratch.length, data.remaining());
                data.get(scratch, 0, bytes);
                target.write(scratch, 0, bytes);
            }
            return length;
        }

        @Override
        public int read() {
            if (header.available() > 0) {
                return header.read();
            }
            return data.hasRemaining() ? data.get() & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (header.available() > 0) {
                return header.read(target, offset, length);
            }
            if (!data.hasRemaining()) {
                return length == 0 ? 0 : -1;
            }
            int bytes = Math.min(length, data.remaining());
            data.get(target, offset, bytes);
            return bytes;
        }

        @Override
        public void close() {
            data.position(data.limit());
            release.run();
        }
    }
}
