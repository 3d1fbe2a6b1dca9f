package io.blobstore.http.objects;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock whose waits take no time: it advances by them instead, and otherwise stands still. Thread-safe. */
public final class VirtualRetryClock implements RetryClock {
    private final AtomicLong now = new AtomicLong();

    /** Creates a clock at the time 0. */
    public VirtualRetryClock() {}

    @Override
    public long nanoTime() {
        return now.get();
    }

    @Override
    public void sleep(Duration time) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        now.addAndGet(time.toNanos());
    }

    /** Advances the time, as if a request took it. */
    public void advance(Duration time) {
        now.addAndGet(time.toNanos());
    }

    /** Returns the time that has passed. */
    public Duration passed() {
        return Duration.ofNanos(now.get());
    }
}
