package io.blobstore;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A window onto arrays that are allocated as content arrives, up to a number of bytes. Not thread-safe. */
final class HeapWindow implements BlobTarget.Window {
    private static final int FIRST = 8 << 10;
    private static final int LARGEST = 1 << 20;

    private final List<ByteBuffer> full = new ArrayList<>();
    private ByteBuffer current = ByteBuffer.allocate(0);
    /** The bytes that were not allocated yet. */
    private int unallocated;

    HeapWindow(int maxBytes) {
        unallocated = maxBytes;
    }

    @Override
    public long remaining() {
        return (long) current.remaining() + unallocated;
    }

    @Override
    public ByteBuffer buffer() {
        if (!current.hasRemaining() && unallocated > 0) {
            full.add(current.flip());
            int size = Math.min(unallocated, Math.min(LARGEST, Math.max(FIRST, 2 * current.capacity())));
            current = ByteBuffer.allocate(size);
            unallocated -= size;
        }
        return current;
    }

    /** Returns the bytes that were put, which ends the use of this window. */
    byte[] toByteArray() {
        full.add(current.flip());
        byte[] bytes = new byte[full.stream().mapToInt(ByteBuffer::remaining).sum()];
        ByteBuffer all = ByteBuffer.wrap(bytes);
        full.forEach(all::put);
        return bytes;
    }
}
