package io.blobstore.http;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the transferred bytes of one call or upload, so that a test can end it in the middle. Waiting uses no CPU
 * time. Thread-safe.
 */
final class MovedBytes {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private long bytes;
    private boolean over;

    /** Adds bytes. */
    void add(long more) {
        lock.lock();
        try {
            bytes += more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Marks the end of the bytes. */
    void end() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Blocks until a number of bytes, the end, or the time limit {@code patience} is reached. */
    void await(long wanted, Duration patience) throws InterruptedException {
        long nanos = patience.toNanos();
        lock.lock();
        try {
            while (bytes < wanted && !over && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }
}
