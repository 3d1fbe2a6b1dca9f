package io.blobstore.server.internal.http;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Counts what is running, and lets others wait until nothing is. Thread-safe. */
final class Running {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition none = lock.newCondition();
    // Guarded by lock:
    private int count;

    void begin() {
        lock.lock();
        try {
            count++;
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            count--;
            if (count == 0) {
                none.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nothing runs; returns false if the time is over before. */
    boolean await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (count > 0) {
                if (left <= 0) {
                    return false;
                }
                left = none.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nothing runs, in spite of interrupts. */
    void awaitUninterruptibly() {
        boolean interrupted = false;
        for (; ; ) {
            try {
                if (await(TimeUnit.DAYS.toNanos(1))) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
