package io.blobstore.server.internal;

import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The direct memory for content on its way to clients. Each gets memory at once: as much as a frame holds while the
 * budget lasts, and a small piece beyond it, so that slow clients cannot keep others waiting. Thread-safe.
 */
public final class ReadMemory {
    /** What a frame of content holds, and so the size of a buffer that it is decoded into without a copy. */
    public static final int LARGE = 1 << 20;
    /** The size of a buffer beyond the budget. A frame is decoded again for each of its pieces. */
    public static final int SMALL = 128 << 10;

    private final long budget;
    private final AtomicLong used = new AtomicLong();

    /** Creates the memory with a budget in bytes. */
    public ReadMemory(long budget) {
        this.budget = budget;
    }

    /** Returns the number of bytes that are in use. */
    public long used() {
        return used.get();
    }

    /**
     * Counts memory that content takes elsewhere on its way to a client, in bytes; a negative number when it does not.
     */
    public void add(long bytes) {
        used.addAndGet(bytes);
    }

    /**
     * Counts a response of a number of bytes that cannot be divided, if there is room: up to twice the budget, so that
     * others, who share the budget, do not keep it from being sent.
     *
     * @return whether it was counted
     */
    public boolean tryAdd(long bytes) {
        long before = used.get();
        while (before + bytes <= 2 * budget) {
            if (used.compareAndSet(before, before + bytes)) {
                return true;
            }
            before = used.get();
        }
        return false;
    }

    /**
     * Takes a buffer for content that begins at an offset: it ends where a frame does, if it is large.
     *
     * @param wanted how much is left to read in bytes, 1 or more
     */
    public Chunk take(long offset, long wanted) {
        int size = (int) Math.min(wanted, LARGE - offset % LARGE);
        if (used.addAndGet(size) > budget && size > SMALL) {
            used.addAndGet(SMALL - size);
            size = SMALL;
        }
        try {
            return new Chunk(DirectBufferPool.shared().take(size), size);
        } catch (Error e) {
            used.addAndGet(-size);
            throw e;
        }
    }

    /** A buffer, to be closed when nothing reads it any more. */
    public final class Chunk implements AutoCloseable {
        private final PooledBuffer memory;
        private final int size;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Chunk(PooledBuffer memory, int size) {
            this.memory = memory;
            this.size = size;
        }

        /** Returns the buffer: a direct one, always the same. */
        public ByteBuffer buffer() {
            return memory.buffer();
        }

        /** Gives the memory back. Idempotent. */
        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                memory.close();
                used.addAndGet(-size);
            }
        }
    }
}
