package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.split.SplitInput;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

final class SourceInput implements SplitInput, Closeable {
    private final BlobSource source;
    private final ByteBuffer window = ByteBuffer.allocateDirect(MAX_PEEK);
    private long windowStart;
    private int windowLength;
    private long position;

    SourceInput(BlobSource source) {
        this.source = source;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public ByteBuffer peek(int length) throws IOException {
        int wanted = (int) available(length);
        if (position < windowStart || position + wanted > windowStart + windowLength) {
            int ahead = position - (windowStart + windowLength) < 8192 ? 65536 : 4096;
            int bytes = (int) Math.min(source.size() - position, Math.max(wanted, ahead));
            windowLength = 0;
            window.clear();
            source.slice(position, bytes).forEachBuffer(MAX_PEEK, window::put);
            windowStart = position;
            windowLength = bytes;
        }
        return window.slice((int) (position - windowStart), wanted).asReadOnlyBuffer();
    }

    @Override
    public long available(long length) {
        return Math.min(length, source.size() - position);
    }

    void consume(long length) {
        position += length;
    }

    @Override
    public void close() {}
}
