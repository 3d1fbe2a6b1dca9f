package io.blobstore.transfer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a streamed upload that wait to be sent or are being sent, and the number of workers that send them.
 * Bounded by parts and by bytes. Thread-safe; the lock is held for a few instructions.
 */
final class PartQueue {
    private final int maxParts;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Deque<StreamedPart> waiting = new ArrayDeque<>();
    private int parts;
    private long bytes;
    private int workers;

    /**
     * Creates an empty queue.
     *
     * @param maxParts the most parts, and the most workers
     * @param maxBytes the most bytes of all parts together, unless there is one part only
     */
    PartQueue(int maxParts, long maxBytes) {
        this.maxParts = maxParts;
        this.maxBytes = maxBytes;
    }

    /** Adds a part to be sent; returns whether another worker is to be started, which is counted. */
    boolean add(StreamedPart part) {
        lock.lock();
        try {
            waiting.add(part);
            parts++;
            bytes += part.size();
            boolean startWorker = workers < maxParts;
            workers += startWorker ? 1 : 0;
            return startWorker;
        } finally {
            lock.unlock();
        }
    }

    /** Removes a part that waits; null if there is none. */
    @Nullable StreamedPart poll() {
        lock.lock();
        try {
            return waiting.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a part that waits, for a worker; null if there is none: then the worker has ended. */
    @Nullable StreamedPart pollOrEnd() {
        lock.lock();
        try {
            StreamedPart part = waiting.poll();
            workers -= part == null ? 1 : 0;
            return part;
        } finally {
            lock.unlock();
        }
    }

    /** Counts a worker that has ended, or was not started. */
    void workerEnded() {
        lock.lock();
        try {
            workers--;
        } finally {
            lock.unlock();
        }
    }

    /** Counts a part that was sent, or failed. */
    void sent(long size) {
        lock.lock();
        try {
            parts--;
            bytes -= size;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until there is room for another part, or one that no worker has begun.
     *
     * @param size the size of the other part
     * @return a part to be sent by the caller; null if there is room
     */
    @Nullable StreamedPart awaitRoom(long size) throws InterruptedException {
        lock.lock();
        try {
            for (; ; ) {
                if (parts == 0 || (parts < maxParts && bytes <= maxBytes - size)) {
                    return null;
                }
                StreamedPart part = waiting.poll();
                if (part != null) {
                    return part;
                }
                changed.await(); // the workers that send are interrupted if the transfer stops
            }
        } finally {
            lock.unlock();
        }
    }
}
