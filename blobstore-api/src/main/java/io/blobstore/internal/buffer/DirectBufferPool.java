package io.blobstore.internal.buffer;

import java.io.Closeable;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reuses direct buffers: the JVM frees direct memory only when it collects garbage, which a program without garbage
 * rarely does.
 *
 * <p>Capacities are powers of two, or 1/64 more: compressed content may be a little larger than the content, and must
 * not take twice its memory for that. Each capacity has its own idle buffers. Idle buffers are bounded in sum, and
 * referenced weakly: the next collection frees them, so that memory which is no longer used is neither kept nor missing
 * where the JVM is at its limit of direct memory. Buffers in use are not bounded; their users have budgets.
 *
 * <p>Thread-safe.
 */
public final class DirectBufferPool {
    private static final int SMALLEST = 4 << 10;
    private static final int LARGEST = 1 << 30;

    /**
     * The pool of this process, as sources and targets over files have no context that could own one. Its bound is the
     * default maximum that readers read ahead.
     */
    private static final DirectBufferPool SHARED = new DirectBufferPool(256L << 20);

    private final long maxIdleBytes;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    /** For each capacity, the smallest first. The buffer returned last is reused first: it may still be cached. */
    private final List<Deque<WeakReference<ByteBuffer>>> idle = Stream.<Deque<WeakReference<ByteBuffer>>>generate(
                    ArrayDeque::new)
            .limit(sizeClass(LARGEST) + 1L)
            .toList();
    /** The sum of the idle buffers' capacities, including those freed since they were returned. */
    private long idleBytes;

    /**
     * Creates an empty pool.
     *
     * @param maxIdleBytes the maximum sum of the idle buffers' capacities in bytes; a returned buffer beyond that is
     *     left to the garbage collector
     */
    public DirectBufferPool(long maxIdleBytes) {
        this.maxIdleBytes = maxIdleBytes;
    }

    /** Returns the pool of this process. */
    public static DirectBufferPool shared() {
        return SHARED;
    }

    /**
     * Returns a buffer, an idle one if possible, to be returned by {@link PooledBuffer#close()}.
     *
     * @param size the buffer's capacity and limit in bytes, at most 1 GiB; the memory behind it is the next power of
     *     two, or 1/64 more than the power of two before
     * @throws OutOfMemoryError if the JVM refuses the memory
     */
    public PooledBuffer take(int size) {
        if (size < 0 || size > LARGEST) {
            throw new IllegalArgumentException("a buffer has 0 to " + LARGEST + " bytes; got " + size);
        }
        int sizeClass = sizeClass(size);
        ByteBuffer memory = pollIdle(sizeClass);
        return new PooledBuffer(memory != null ? memory : ByteBuffer.allocateDirect(capacity(sizeClass)), size);
    }

    /** Returns the number of the smallest capacity that is enough: even ones are powers of two. */
    private static int sizeClass(int size) {
        int units = (Math.max(size, 1) - 1) / SMALLEST; // 0 for the smallest class
        int powerOfTwo = 2 * (Integer.SIZE - Integer.numberOfLeadingZeros(units));
        return powerOfTwo > 0 && size <= capacity(powerOfTwo - 1) ? powerOfTwo - 1 : powerOfTwo;
    }

    private static int capacity(int sizeClass) {
        int powerOfTwo = SMALLEST << (sizeClass / 2);
        return sizeClass % 2 == 0 ? powerOfTwo : powerOfTwo + powerOfTwo / 64;
    }

    private @Nullable ByteBuffer pollIdle(int sizeClass) {
        lock.lock();
        try {
            WeakReference<ByteBuffer> reference;
            while ((reference = idle.get(sizeClass).pollFirst()) != null) {
                idleBytes -= capacity(sizeClass);
                ByteBuffer memory = reference.get();
                if (memory != null) {
                    return memory;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void giveBack(ByteBuffer memory) {
        lock.lock();
        try {
            if (idleBytes + memory.capacity() > maxIdleBytes) {
                forgetFreed();
            }
            if (idleBytes + memory.capacity() <= maxIdleBytes) {
                idleBytes += memory.capacity();
                idle.get(sizeClass(memory.capacity())).addFirst(new WeakReference<>(memory));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Removes references to buffers that the garbage collector has freed, and recounts the idle bytes. Requires the
     * lock.
     */
    private void forgetFreed() {
        idleBytes = 0;
        for (int sizeClass = 0; sizeClass < idle.size(); sizeClass++) {
            idle.get(sizeClass).removeIf(reference -> reference.get() == null);
            idleBytes += (long) idle.get(sizeClass).size() * capacity(sizeClass);
        }
    }

    /** A buffer of the pool while it is in use. Thread-safe, except for the buffer's position and limit. */
    public final class PooledBuffer implements Closeable {
        /**
         * Null after the buffer was returned, so that a second close does not return memory that another user has
         * taken.
         */
        private final AtomicReference<@Nullable ByteBuffer> memory;

        private final ByteBuffer view;

        private PooledBuffer(ByteBuffer memory, int size) {
            this.memory = new AtomicReference<>(memory);
            this.view = memory.slice(0, size);
        }

        /**
         * Returns the buffer, always the same one. Its content is undefined at first.
         *
         * @throws IllegalStateException if it was returned to the pool
         */
        public ByteBuffer buffer() {
            if (memory.get() == null) {
                throw new IllegalStateException("this buffer was returned to its pool");
            }
            return view;
        }

        /** Returns the buffer to the pool; it must not be used after that. Idempotent. */
        @Override
        public void close() {
            ByteBuffer returned = memory.getAndSet(null);
            if (returned != null) {
                giveBack(returned);
            }
        }
    }
}
