package io.blobstore.transfer;

import io.blobstore.StoreOptions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options of an upload. Immutable.
 *
 * <pre>{@code
 * UploadOptions options = UploadOptions.builder()
 *         .partSize(32 << 20)
 *         .concurrency(16)
 *         .store(StoreOptions.builder().contentType("video/mp4").build())
 *         .build();
 * }</pre>
 */
public final class UploadOptions {
    /** Uploads 8 parts of 16 MiB at once, with the default retries and no listener. */
    public static final UploadOptions DEFAULT = new Builder().build();

    private final long partSize;
    private final int concurrency;
    private final StoreOptions store;
    private final RetryPolicy retry;
    private final TransferListener listener;

    private UploadOptions(Builder builder) {
        partSize = builder.partSize;
        concurrency = builder.concurrency;
        store = builder.store;
        retry = builder.retry;
        listener = builder.listener;
        if (partSize < 1 || concurrency < 1) {
            throw new IllegalArgumentException(
                    "part size and concurrency must be 1 or more; got " + partSize + " and " + concurrency);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the preferred size of a part in bytes. */
    public long partSize() {
        return partSize;
    }

    /** Returns the maximum number of parts in flight. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns the options with which the blob is stored. */
    public StoreOptions store() {
        return store;
    }

    /** Returns how often a failed request is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns the listener that receives progress. */
    public TransferListener listener() {
        return listener;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UploadOptions that
                && partSize == that.partSize
                && concurrency == that.concurrency
                && store.equals(that.store)
                && retry.equals(that.retry)
                && listener.equals(that.listener);
    }

    @Override
    public int hashCode() {
        return Objects.hash(partSize, concurrency, store, retry, listener);
    }

    @Override
    public String toString() {
        return "UploadOptions[partSize=" + partSize + ", concurrency=" + concurrency + ", store=" + store + ", retry="
                + retry + ", listener=" + listener + "]";
    }

    /** Builds {@link UploadOptions}. Not thread-safe. */
    public static final class Builder {
        private long partSize = 16L << 20;
        private int concurrency = 8;
        private StoreOptions store = StoreOptions.DEFAULT;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private TransferListener listener = TransferListener.NONE;

        private Builder() {}

        private Builder(UploadOptions options) {
            partSize = options.partSize;
            concurrency = options.concurrency;
            store = options.store;
            retry = options.retry;
            listener = options.listener;
        }

        /**
         * Sets the preferred size of a part in bytes, 1 or more; it is brought within the limits of the store. A blob
         * of at most this size is stored with one request. With a power of two, a part of a mapped file lies in one
         * buffer.
         */
        public Builder partSize(long bytes) {
            partSize = bytes;
            return this;
        }

        /** Sets the maximum number of parts in flight, 1 or more. */
        public Builder concurrency(int parts) {
            concurrency = parts;
            return this;
        }

        /** Sets the options with which the blob is stored. */
        public Builder store(StoreOptions options) {
            Objects.requireNonNull(options, "options");
            store = options;
            return this;
        }

        /** Sets how often a failed request is attempted again. */
        public Builder retry(RetryPolicy policy) {
            Objects.requireNonNull(policy, "policy");
            retry = policy;
            return this;
        }

        /** Sets the listener that receives progress. */
        public Builder listener(TransferListener listener) {
            Objects.requireNonNull(listener, "listener");
            this.listener = listener;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public UploadOptions build() {
            return new UploadOptions(this);
        }
    }
}
