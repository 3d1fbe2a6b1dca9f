package io.blobstore.transfer;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only when somebody sleeps, and then at once. Begins at 0. Thread-safe. */
final class FakeClock implements TransferClock {
    private final AtomicLong now = new AtomicLong();
    private final List<Duration> sleeps = new CopyOnWriteArrayList<>();

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

    /** Lets time pass. */
    void advance(Duration duration) {
        now.addAndGet(duration.toNanos());
    }

    /** How long was slept, each time. */
    List<Duration> sleeps() {
        return sleeps;
    }
}
