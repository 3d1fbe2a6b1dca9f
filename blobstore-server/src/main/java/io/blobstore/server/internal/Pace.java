package io.blobstore.server.internal;

/**
 * Measures how fast a client sends or receives while the server waits for it, from what is sampled now and then. Not
 * thread-safe.
 */
public final class Pace {
    private final long windowNanos;
    private final int minBytesPerSecond;
    private boolean measuring;
    private long start;
    private long bytes;

    /**
     * Creates a measurement.
     *
     * @param windowNanos how long the client may be slow
     * @param minBytesPerSecond the least pace; 0 for any, but not none at all
     */
    public Pace(long windowNanos, int minBytesPerSecond) {
        this.windowNanos = windowNanos;
        this.minBytesPerSecond = minBytesPerSecond;
    }

    /** Begins anew: the server does not wait for the client now. */
    public void reset() {
        measuring = false;
    }

    /**
     * Takes a sample while the server waits for the client.
     *
     * @param total the number of bytes transferred so far
     * @return whether the client was too slow for a whole window
     */
    public boolean isTooSlow(long now, long total) {
        if (!measuring) {
            measuring = true;
            start = now;
            bytes = total;
            return false;
        }
        long elapsed = now - start;
        if (elapsed < windowNanos) {
            return false;
        }
        boolean slow = total - bytes < Math.max(1, minBytesPerSecond * (elapsed / 1e9));
        start = now;
        bytes = total;
        return slow;
    }
}
