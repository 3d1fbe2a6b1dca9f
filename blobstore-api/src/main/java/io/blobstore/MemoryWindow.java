package io.blobstore;

import java.nio.ByteBuffer;
import java.util.List;

/** A window onto memory in one or more buffers, which keep the content. */
final class MemoryWindow implements BlobTarget.Window {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final List<ByteBuffer> buffers;
    private int current;

    MemoryWindow(List<ByteBuffer> buffers) {
        if (buffers.stream().anyMatch(ByteBuffer::isReadOnly)) {
            throw new IllegalArgumentException("the target is a read-only buffer");
        }
        this.buffers = List.copyOf(buffers);
    }

    @Override
    public long remaining() {
        return buffers.stream().mapToLong(ByteBuffer::remaining).sum();
    }

    @Override
    public ByteBuffer buffer() {
        while (current < buffers.size() && !buffers.get(current).hasRemaining()) {
            current++;
        }
        return current < buffers.size() ? buffers.get(current) : NOTHING;
    }
}
