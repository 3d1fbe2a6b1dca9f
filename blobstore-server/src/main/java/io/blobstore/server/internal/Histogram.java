package io.blobstore.server.internal;

import java.util.concurrent.atomic.LongAdder;

/** Counts durations in fixed ranges. Thread-safe, without a lock. */
final class Histogram {
    /** The upper bounds in seconds; one more range has none. */
    static final double[] BOUNDS = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60};

    private final LongAdder[] counts = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanos = new LongAdder();

    Histogram() {
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    void add(long duration) {
        int range = 0;
        while (range < BOUNDS.length && duration > BOUNDS[range] * 1e9) {
            range++;
        }
        counts[range].increment();
        nanos.add(duration);
    }

    /** Returns how many durations were in a range. */
    long count(int range) {
        return counts[range].sum();
    }

    /** Returns the sum of all durations in seconds. */
    double sum() {
        return nanos.sum() / 1e9;
    }
}
