package io.blobstore.transfer;

import java.util.concurrent.Semaphore;

/**
 * The bound on bytes in flight over all transfers of an engine. First come, first served, so that large parts are not
 * overtaken for ever by small ones.
 */
final class ByteBudget {
    /** A semaphore counts in ints: this unit lets it count 128 TiB. */
    private static final int UNIT = 1 << 16;

    private final int units;
    private final Semaphore free;

    ByteBudget(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("the most bytes in flight must be 1 or more; got " + bytes);
        }
        // Rounded down where parts are rounded up, so that the sum of parts never exceeds it.
        units = (int) Math.max(1, Math.min(Integer.MAX_VALUE, bytes / UNIT));
        free = new Semaphore(units, true);
    }

    /** Waits for room. What is larger than the whole budget waits until it is alone. */
    void acquire(long bytes) throws InterruptedException {
        free.acquire(Math.min(toUnits(bytes), units));
    }

    /** Gives back what {@link #acquire} took for the same number of bytes. */
    void release(long bytes) {
        free.release(Math.min(toUnits(bytes), units));
    }

    private static int toUnits(long bytes) {
        return (int) Math.min(Integer.MAX_VALUE, bytes / UNIT + (bytes % UNIT == 0 ? 0 : 1));
    }
}
