package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.nio.ByteBuffer;

/** Bytes of a stream in direct memory. One thread fills it while others read what has arrived. */
final class MemorySegment extends Segment {
    private final StreamMemory memory;
    private final PooledBuffer pooled;
    private final ByteBuffer buffer;
    /** Written by the thread that fills. */
    private int filled;

    /** Takes the memory, for which there must be room. */
    MemorySegment(long start, int capacity, StreamMemory memory) {
        super(start);
        this.memory = memory;
        this.pooled = DirectBufferPool.shared().take(capacity);
        this.buffer = pooled.buffer();
        memory.add(this, capacity);
    }

    /** Returns the free memory behind the bytes that have arrived. */
    ByteBuffer space() {
        return buffer.slice(filled, room());
    }

    int room() {
        return buffer.capacity() - filled;
    }

    void filled(int bytes) {
        filled += bytes;
    }

    @Override
    long end() {
        return start() + filled;
    }

    /** Returns bytes that have arrived, in place. */
    ByteBuffer bytes(long offset, int length) {
        return buffer.slice((int) (offset - start()), length).asReadOnlyBuffer();
    }

    @Override
    BlobSource content(long offset, long length) {
        return BlobSource.of(bytes(offset, (int) length));
    }

    @Override
    void free() {
        pooled.close();
        memory.remove(this, buffer.capacity());
    }
}
