package io.blobstore.transfer;

import io.blobstore.ReadOptions;
import java.util.Optional;

/**
 * How to read a blob, or a part of it.
 *
 * @param partSize the size of a request in bytes; what is not larger is read in one request
 * @param concurrency the most requests under way at once
 * @param read which version is read; if none is named, the one that the first request meets
 * @param retry how often a request that failed is tried again
 * @param hedging when a part that takes long is asked for a second time; empty for never
 * @param listener who is told
 */
public record DownloadOptions(
        long partSize,
        int concurrency,
        ReadOptions read,
        RetryPolicy retry,
        Optional<Hedging> hedging,
        TransferListener listener) {
    /** Requests of 8 MiB, 8 at once, whatever version is there, the default retries, none sent twice, no listener. */
    public static final DownloadOptions DEFAULT = new DownloadOptions(
            8L << 20, 8, ReadOptions.DEFAULT, RetryPolicy.DEFAULT, Optional.empty(), TransferListener.NONE);

    /** Refuses a part size or a concurrency below 1. */
    public DownloadOptions {
        if (partSize < 1 || concurrency < 1) {
            throw new IllegalArgumentException(
                    "part size and concurrency must be 1 or more; got " + partSize + " and " + concurrency);
        }
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return DEFAULT.toBuilder();
    }

    /** A builder that begins with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds options. Not thread-safe. */
    public static final class Builder {
        private long partSize;
        private int concurrency;
        private ReadOptions read;
        private RetryPolicy retry;
        private Optional<Hedging> hedging;
        private TransferListener listener;

        private Builder(DownloadOptions options) {
            partSize = options.partSize;
            concurrency = options.concurrency;
            read = options.read;
            retry = options.retry;
            hedging = options.hedging;
            listener = options.listener;
        }

        /** Sets the size of a request, in bytes. */
        public Builder partSize(long bytes) {
            partSize = bytes;
            return this;
        }

        /** Sets the most requests under way at once. */
        public Builder concurrency(int requests) {
            concurrency = requests;
            return this;
        }

        /** Sets which version is read. */
        public Builder read(ReadOptions options) {
            read = options;
            return this;
        }

        /** Sets how often a request that failed is tried again. */
        public Builder retry(RetryPolicy policy) {
            retry = policy;
            return this;
        }

        /** Sets when a part that takes long is asked for a second time. */
        public Builder hedging(Hedging hedging) {
            this.hedging = Optional.of(hedging);
            return this;
        }

        /** Sets who is told. */
        public Builder listener(TransferListener listener) {
            this.listener = listener;
            return this;
        }

        /** Builds; throws {@link IllegalArgumentException} as the record does. */
        public DownloadOptions build() {
            return new DownloadOptions(partSize, concurrency, read, retry, hedging, listener);
        }
    }
}
