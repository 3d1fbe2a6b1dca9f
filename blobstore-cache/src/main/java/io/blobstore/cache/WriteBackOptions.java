package io.blobstore.cache;

import java.time.Duration;
import java.util.Objects;

/**
 * How a {@link CachedBlobStore} stores blobs before they are uploaded. Immutable.
 *
 * <p>The cache must be open in exclusive mode. What was acknowledged survives a kill of the process with any durability
 * of the cache, and a power failure with {@link io.blobstore.cas.Durability#FULL}. Content that waits is
 * {@linkplain io.blobstore.cas.ContentCache#pins pinned} in the cache until it is uploaded, also while the store is
 * closed and whoever opens the cache: until then it takes room that other content does not get.
 */
public final class WriteBackOptions {
    /** Up to 1000 blobs of together 1 GiB wait; 4 are uploaded at a time; closing waits for up to a minute. */
    public static final WriteBackOptions DEFAULT = builder().build();

    private final int maxBlobs;
    private final long maxBytes;
    private final int threads;
    private final Duration maxDelay;
    private final Duration closeTimeout;

    private WriteBackOptions(Builder builder) {
        maxBlobs = builder.maxBlobs;
        maxBytes = builder.maxBytes;
        threads = builder.threads;
        maxDelay = builder.maxDelay;
        closeTimeout = builder.closeTimeout;
        if (maxBlobs < 1 || maxBytes < 1 || threads < 1) {
            throw new IllegalArgumentException("blobs, bytes and threads must be 1 or more; got " + maxBlobs + ", "
                    + maxBytes + " and " + threads);
        }
        if (maxDelay.isNegative() || maxDelay.isZero() || closeTimeout.isNegative()) {
            throw new IllegalArgumentException("the delay must be positive, and the timeout must not be negative; got "
                    + maxDelay + " and " + closeTimeout);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns how many blobs may wait. */
    public int maxBlobs() {
        return maxBlobs;
    }

    /** Returns how many bytes of content may wait. */
    public long maxBytes() {
        return maxBytes;
    }

    /** Returns how many blobs are uploaded at a time. */
    public int threads() {
        return threads;
    }

    /** Returns the longest delay between two attempts to upload a blob. */
    public Duration maxDelay() {
        return maxDelay;
    }

    /** Returns how long closing the store waits for uploads. */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /** Builds {@link WriteBackOptions}. Not thread-safe. */
    public static final class Builder {
        private int maxBlobs = 1000;
        private long maxBytes = 1L << 30;
        private int threads = 4;
        private Duration maxDelay = Duration.ofSeconds(30);
        private Duration closeTimeout = Duration.ofMinutes(1);

        private Builder() {}

        /** Sets how many blobs may wait; default 1000. Others are uploaded before they are acknowledged. */
        public Builder maxBlobs(int blobs) {
            maxBlobs = blobs;
            return this;
        }

        /** Sets how many bytes of content may wait; default 1 GiB. Others are uploaded before they are acknowledged. */
        public Builder maxBytes(long bytes) {
            maxBytes = bytes;
            return this;
        }

        /** Sets how many blobs are uploaded at a time; default 4. */
        public Builder threads(int threads) {
            this.threads = threads;
            return this;
        }

        /** Sets the longest delay between two attempts to upload a blob, which grow from 100 ms; default 30 s. */
        public Builder maxDelay(Duration delay) {
            maxDelay = Objects.requireNonNull(delay, "delay");
            return this;
        }

        /**
         * Sets how long closing the store waits for uploads; default 1 minute. What was not uploaded by then stays in
         * the cache, and is uploaded after the store was opened again.
         */
        public Builder closeTimeout(Duration timeout) {
            closeTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public WriteBackOptions build() {
            return new WriteBackOptions(this);
        }
    }
}
