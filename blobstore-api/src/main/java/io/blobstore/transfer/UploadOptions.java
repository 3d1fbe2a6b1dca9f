package io.blobstore.transfer;

import io.blobstore.StoreOptions;

/**
 * How to upload a blob.
 *
 * @param partSize the wished size of a part in bytes, brought within the store's limits; a blob of at most this size is
 *     stored in one request. Powers of two keep a part of a mapped file in one buffer
 * @param concurrency the most parts under way at once
 * @param store how the blob is stored
 * @param retry how often a request that failed is tried again
 * @param listener who is told
 */
public record UploadOptions(
        long partSize, int concurrency, StoreOptions store, RetryPolicy retry, TransferListener listener) {
    /** Parts of 16 MiB, 8 at once, the default retries, no listener. */
    public static final UploadOptions DEFAULT =
            new UploadOptions(16L << 20, 8, StoreOptions.DEFAULT, RetryPolicy.DEFAULT, TransferListener.NONE);

    /** Refuses a part size or a concurrency below 1. */
    public UploadOptions {
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
        private StoreOptions store;
        private RetryPolicy retry;
        private TransferListener listener;

        private Builder(UploadOptions options) {
            partSize = options.partSize;
            concurrency = options.concurrency;
            store = options.store;
            retry = options.retry;
            listener = options.listener;
        }

        /** Sets the wished size of a part, in bytes. */
        public Builder partSize(long bytes) {
            partSize = bytes;
            return this;
        }

        /** Sets the most parts under way at once. */
        public Builder concurrency(int parts) {
            concurrency = parts;
            return this;
        }

        /** Sets how the blob is stored. */
        public Builder store(StoreOptions options) {
            store = options;
            return this;
        }

        /** Sets how often a request that failed is tried again. */
        public Builder retry(RetryPolicy policy) {
            retry = policy;
            return this;
        }

        /** Sets who is told. */
        public Builder listener(TransferListener listener) {
            this.listener = listener;
            return this;
        }

        /** Builds; throws {@link IllegalArgumentException} as the record does. */
        public UploadOptions build() {
            return new UploadOptions(partSize, concurrency, store, retry, listener);
        }
    }
}
