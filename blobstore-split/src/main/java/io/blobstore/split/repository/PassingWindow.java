package io.blobstore.split.repository;

import io.blobstore.BlobTarget;
import java.nio.ByteBuffer;

/** A window that keeps nothing: a small buffer is filled again and again. */
final class PassingWindow implements BlobTarget.Window {
    private final ByteBuffer buffer;
    /** The bytes not put yet, those in the buffer included. */
    private long left;

    /** Creates a window of {@code size} bytes through a buffer's whole capacity, which it uses until it is full. */
    PassingWindow(ByteBuffer buffer, long size) {
        this.buffer = buffer;
        this.left = size;
        clear();
    }

    private void clear() {
        buffer.clear().limit((int) Math.min(buffer.capacity(), left));
    }

    @Override
    public long remaining() {
        return left - buffer.position();
    }

    @Override
    public ByteBuffer buffer() {
        if (!buffer.hasRemaining()) {
            left -= buffer.position();
            clear();
        }
        return buffer;
    }
}
