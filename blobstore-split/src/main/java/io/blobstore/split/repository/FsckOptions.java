package io.blobstore.split.repository;

import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferListener;
import java.util.Objects;
import java.util.Optional;

/** Options of {@link SplitEngine#fsck}. Immutable. */
public final class FsckOptions {
    /** Reads everything, and heals nothing. */
    public static final FsckOptions DEFAULT = builder().build();

    private final Optional<ObjectStore> healFrom;
    private final int concurrency;
    private final RetryPolicy retry;
    private final TransferListener listener;

    private FsckOptions(Builder builder) {
        healFrom = builder.healFrom;
        concurrency = builder.concurrency;
        retry = builder.retry;
        listener = builder.listener;
        if (concurrency < 0) {
            throw new IllegalArgumentException("the concurrency must be 0 or more; got " + concurrency);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns where damaged and missing objects are fetched from; empty if none is replaced. */
    public Optional<ObjectStore> healFrom() {
        return healFrom;
    }

    /** Returns the maximum number of threads; 0 for the number that suits the object store. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns how failed requests are repeated. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Returns the listener. */
    public TransferListener listener() {
        return listener;
    }

    /** Builds {@link FsckOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<ObjectStore> healFrom = Optional.empty();
        private int concurrency;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private TransferListener listener = TransferListener.NONE;

        private Builder() {}

        /** Sets a store from which damaged and missing objects are fetched; it must have the same hash function. */
        public Builder healFrom(ObjectStore store) {
            healFrom = Optional.of(Objects.requireNonNull(store, "store"));
            return this;
        }

        /** Sets the maximum number of threads; default 0: the number that suits the object store. */
        public Builder concurrency(int threads) {
            concurrency = threads;
            return this;
        }

        /** Sets how failed requests are repeated. */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets the listener, which receives the bytes verified. */
        public Builder listener(TransferListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public FsckOptions build() {
            return new FsckOptions(this);
        }
    }
}
