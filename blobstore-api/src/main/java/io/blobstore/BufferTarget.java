package io.blobstore;

import java.nio.ByteBuffer;
import java.util.Objects;

/** A buffer that the caller owns. */
final class BufferTarget implements BlobTarget {
    private final ByteBuffer buffer;

    BufferTarget(ByteBuffer buffer) {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("the target is a read-only buffer");
        }
        this.buffer = buffer;
    }

    @Override
    public long room() {
        return buffer.remaining();
    }

    @Override
    public Writer open() {
        return new BufferWriter(buffer);
    }

    @Override
    public String toString() {
        return "BufferTarget[" + room() + (buffer.isDirect() ? " direct bytes]" : " heap bytes]");
    }

    private record BufferWriter(ByteBuffer buffer) implements Writer {
        @Override
        public Window window(long offset, long length) {
            Objects.checkFromIndexSize(offset, length, buffer.remaining());
            return Window.of(buffer.slice(buffer.position() + (int) offset, (int) length));
        }

        @Override
        public void commit(long length) {
            buffer.position(buffer.position() + (int) length);
        }

        @Override
        public void close() {
            // nothing to release
        }
    }
}
