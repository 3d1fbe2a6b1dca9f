package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.nio.ByteBuffer;

/** A window of a given size whose bytes pass through one buffer to a sink, in order. */
final class SpillWindow implements BlobTarget.Window {
    private final ByteBuffer buffer;
    private final Sink sink;
    /** The bytes that the sink has not received. */
    private long unwritten;

    /** Receives bytes, such as a file. */
    @FunctionalInterface
    interface Sink {
        /** Keeps all of a buffer's remaining bytes. */
        void append(ByteBuffer bytes) throws TargetException;
    }

    /** Creates a window of {@code size} bytes through a buffer's whole capacity. */
    SpillWindow(ByteBuffer buffer, long size, Sink sink) {
        this.buffer = buffer;
        this.sink = sink;
        this.unwritten = size;
        clear();
    }

    private void clear() {
        buffer.clear().limit((int) Math.min(buffer.capacity(), unwritten));
    }

    @Override
    public long remaining() {
        return unwritten - buffer.position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        if (!buffer.hasRemaining()) {
            flush();
        }
        return buffer;
    }

    @Override
    public void flush() throws TargetException {
        unwritten -= buffer.position();
        sink.append(buffer.flip());
        clear();
    }
}
