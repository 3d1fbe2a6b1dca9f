package io.blobstore.http.objects;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Measures and waits for the delays between the attempts of a request. Thread-safe. */
public interface RetryClock {
    /** The clock of the JVM. */
    RetryClock SYSTEM = new RetryClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void sleep(Duration time) throws InterruptedException {
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
        }
    };

    /** Returns the time in nanoseconds since an arbitrary origin, as {@link System#nanoTime()} does. */
    long nanoTime();

    /** Blocks for a time. */
    void sleep(Duration time) throws InterruptedException;
}
