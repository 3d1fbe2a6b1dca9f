package io.blobstore.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A {@link BlobReader} as a stream. */
final class BlobInputStream extends InputStream {
    private final BlobReader reader;

    BlobInputStream(BlobReader reader) {
        this.reader = reader;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        return reader.read(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public long skip(long bytes) throws IOException {
        long position = reader.position();
        long skipped = Math.max(0, Math.min(bytes, reader.size() - position));
        reader.position(position + skipped);
        return skipped;
    }

    /** Returns 0: the number of bytes that can be read without blocking is unknown. */
    @Override
    public int available() {
        return 0;
    }

    @Override
    public void close() {
        reader.close();
    }
}
