package io.blobstore.http;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;

/** Measures a client's time limits, and blocks threads until one expires. Thread-safe. */
interface TransportClock {
    /** The clock of the JVM. */
    TransportClock SYSTEM = new TransportClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void await(Selector selector, long end) throws IOException {
            selector.select(TimeUnit.NANOSECONDS.toMillis(Math.max(0, end - System.nanoTime())) + 1);
        }
    };

    /** Returns the time in nanoseconds since an arbitrary origin, as {@link System#nanoTime()} does. */
    long nanoTime();

    /**
     * Blocks until one of the selector's keys is ready, the selector is woken up, the thread is interrupted, or a time
     * is reached. May also return earlier.
     *
     * @param end the time of this clock, in nanoseconds, until which to block
     */
    void await(Selector selector, long end) throws IOException;
}
