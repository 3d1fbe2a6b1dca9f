package io.blobstore.transfer;

import java.time.Duration;

/** Time as the engine sees it, so that tests can make it pass. */
public interface TransferClock {
    /** The machine's time. */
    TransferClock SYSTEM = new TransferClock() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
            Thread.sleep(duration.toMillis(), duration.toNanosPart() % 1_000_000);
        }
    };

    /** Nanoseconds since some fixed moment. */
    long nanoTime();

    /** Waits. */
    void sleep(Duration duration) throws InterruptedException;
}
