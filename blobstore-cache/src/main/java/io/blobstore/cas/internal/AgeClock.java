package io.blobstore.cas.internal;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Measures for how long entries were not used, with an int for each: in tenths of a second since it was created, which
 * lasts for 6 years. Only a measure: the order of the entries does not depend on it. Thread-safe.
 */
final class AgeClock {
    private static final long UNIT_NANOS = 100_000_000;
    private static final int MAX_AGE = Integer.MAX_VALUE / 2;

    private final LongSupplier nanoTime;
    private final long created;

    AgeClock(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        created = nanoTime.getAsLong();
    }

    int now() {
        return (int) ((nanoTime.getAsLong() - created) / UNIT_NANOS);
    }

    /** Returns the time that was an age ago; 0 if that is negative. */
    int ago(Duration age) {
        long units = Math.min(MAX_AGE / 10, Math.max(0, age.toSeconds())) * 10;
        return (int) (now() - units);
    }

    /** Returns how long ago a time was; 0 if the clock went back. */
    Duration since(int time) {
        return Duration.ofNanos(Math.max(0, (long) now() - time) * UNIT_NANOS);
    }
}
