package io.blobstore.transfer;

import io.blobstore.ReadOptions;

/**
 * How a {@link BlobReader} reads.
 *
 * @param concurrency the most requests that one read is split into at once, and likewise the most under way ahead of
 *     reads; how many connections there are is the store's business
 * @param maxReadAhead the most bytes that this reader reads ahead, within what all readers share
 *     ({@link TransferManager.Builder#readAheadMemory}); 0 to read nothing ahead
 * @param read which version is read; if none is named, the one that the first request meets
 * @param retry how often a request that failed is tried again
 */
public record ReaderOptions(int concurrency, long maxReadAhead, ReadOptions read, RetryPolicy retry) {
    /** 8 requests at once, up to 256 MiB ahead, whatever version is there, the default retries. */
    public static final ReaderOptions DEFAULT =
            new ReaderOptions(8, 256L << 20, ReadOptions.DEFAULT, RetryPolicy.DEFAULT);

    /** Refuses a concurrency below 1, and a negative read-ahead. */
    public ReaderOptions {
        if (concurrency < 1 || maxReadAhead < 0) {
            throw new IllegalArgumentException(
                    "concurrency must be 1 or more, read-ahead 0 or more; got " + concurrency + " and " + maxReadAhead);
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
        private int concurrency;
        private long maxReadAhead;
        private ReadOptions read;
        private RetryPolicy retry;

        private Builder(ReaderOptions options) {
            concurrency = options.concurrency;
            maxReadAhead = options.maxReadAhead;
            read = options.read;
            retry = options.retry;
        }

        /** Sets the most requests side by side. */
        public Builder concurrency(int requests) {
            concurrency = requests;
            return this;
        }

        /** Sets the most bytes read ahead; 0 for none. */
        public Builder maxReadAhead(long bytes) {
            maxReadAhead = bytes;
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

        /** Builds; throws {@link IllegalArgumentException} as the record does. */
        public ReaderOptions build() {
            return new ReaderOptions(concurrency, maxReadAhead, read, retry);
        }
    }
}
