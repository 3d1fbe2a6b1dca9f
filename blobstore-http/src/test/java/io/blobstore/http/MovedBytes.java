package io.blobstore.http;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many bytes a server has moved of one call or upload, for the one who is to end it in their midst. Who waits for
 * them sleeps, and leaves the processor to those who move them. Thread-safe.
 */
final class MovedBytes {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private long bytes;
    private boolean over;

    /** Says that so many more were moved. */
    void add(long more) {
        lock.lock();
        try {
            bytes += more;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Says that no more will come. */
    void end() {
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for so many, or the end, or for as long as {@code patience} lasts, whatever comes first. */
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
