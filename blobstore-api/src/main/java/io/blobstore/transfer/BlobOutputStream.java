package io.blobstore.transfer;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;

/** A view of a writer as a stream. Thread-safe, as the writer is. */
final class BlobOutputStream extends OutputStream {
    private final BlobWriter writer;
    private volatile boolean closed;

    BlobOutputStream(BlobWriter writer) {
        this.writer = writer;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        writer.write(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public void close() {
        closed = true;
    }
}
