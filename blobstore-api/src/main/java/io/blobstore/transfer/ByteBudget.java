package io.blobstore.transfer;

import java.util.concurrent.Semaphore;

/**
 * The bound on bytes in flight over all transfers of a manager. Fair, so that large parts are not starved by small
 * ones. Thread-safe.
 */
final class ByteBudget {
    /** The semaphore counts in ints: with this unit it can count 128 TiB. */
    private static final int UNIT = 1 << 16;

    private final int units;
    private final Semaphore free;

    ByteBudget(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("the maximum number of bytes in flight must be 1 or more; got " + bytes);
        }
        // Rounded down, while parts are rounded up, so that the sum of the parts never exceeds it.
        units = (int) Math.max(1, Math.min(Integer.MAX_VALUE, bytes / UNIT));
        free = new Semaphore(units, true);
    }

    /** Returns the number of bytes that may be transferred at once, rounded down. */
    long limit() {
        return (long) units * UNIT;
    }

    /** Waits until this many bytes may be transferred. A request larger than the budget waits until it is alone. */
    void acquire(long bytes) throws InterruptedException {
        free.acquire(Math.min(toUnits(bytes), units));
    }

    /** Releases what {@link #acquire} took for the same number of bytes. */
    void release(long bytes) {
        free.release(Math.min(toUnits(bytes), units));
    }

    private static int toUnits(long bytes) {
        return (int) Math.min(Integer.MAX_VALUE, bytes / UNIT + (bytes % UNIT == 0 ? 0 : 1));
    }
}
