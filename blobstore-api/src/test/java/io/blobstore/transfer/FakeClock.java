package io.blobstore.transfer;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that advances only by sleeping, which takes no time. Starts at 0. Thread-safe. */
public final class FakeClock implements TransferClock {
    private final AtomicLong now = new AtomicLong();
    private final List<Duration> sleeps = new CopyOnWriteArrayList<>();

    /** Returns a builder of a manager that waits by this clock, with jitter from a fixed seed. */
    public TransferManager.Builder managers(long seed) {
        return TransferManager.builder().clock(this).random(new Random(seed));
    }

    @Override
    public long nanoTime() {
        return now.get();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        sleeps.add(duration);
        now.addAndGet(duration.toNanos());
    }

    /** Advances the clock. */
    void advance(Duration duration) {
        now.addAndGet(duration.toNanos());
    }

    /** Returns the duration of each sleep, in order. */
    public List<Duration> sleeps() {
        return sleeps;
    }
}
