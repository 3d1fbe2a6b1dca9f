package io.blobstore.http;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;

/** The time by which a client measures its limits, and how a thread waits in it. Thread-safe. */
interface TransportClock {
    /** The time of the JVM. */
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

    /** Returns the time in nanoseconds since some moment, as {@link System#nanoTime()} does. */
    long nanoTime();

    /**
     * Waits until a selector has something that is ready, it is woken up, the thread is interrupted, or the time has
     * come. May also return earlier.
     *
     * @param end the time of this clock until which to wait
     */
    void await(Selector selector, long end) throws IOException;
}
