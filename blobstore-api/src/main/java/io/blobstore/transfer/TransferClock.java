package io.blobstore.transfer;

import java.time.Duration;

/** The clock of a manager's transfers; tests replace it. */
interface TransferClock {
    /** The system clock. */
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

    /** Returns the nanoseconds since some fixed moment. */
    long nanoTime();

    /** Blocks the caller for this long. */
    void sleep(Duration duration) throws InterruptedException;
}
