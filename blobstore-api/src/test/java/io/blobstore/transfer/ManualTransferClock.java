package io.blobstore.transfer;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A clock that only a test advances: threads sleep until then, or until they are interrupted. Thread-safe. */
final class ManualTransferClock implements TransferClock {
    /** The maximum real time of a wait; a longer one counts as a hang. */
    private static final long PATIENCE_SECONDS = 60;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private long now;
    private int sleepers;

    @Override
    public long nanoTime() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long end = now + duration.toNanos();
            sleepers++;
            changed.signalAll();
            try {
                while (now < end) {
                    await();
                }
            } finally {
                sleepers--;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until this many threads sleep. */
    void awaitSleepers(int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (sleepers != count) {
                await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Advances the clock. */
    void advance(Duration duration) {
        lock.lock();
        try {
            now += duration.toNanos();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void await() throws InterruptedException {
        if (!changed.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("timed out");
        }
    }
}
