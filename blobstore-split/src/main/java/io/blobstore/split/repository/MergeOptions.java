package io.blobstore.split.repository;

import io.blobstore.Sha256;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferListener;
import java.util.Objects;
import java.util.Optional;

/** Options of {@link SplitEngine#merge}. Immutable. */
public final class MergeOptions {
    /** Verifies every object, and has no expected digest. */
    public static final MergeOptions DEFAULT = builder().build();

    private final boolean verify;
    private final Optional<Sha256> expected;
    private final int concurrency;
    private final RetryPolicy retry;
    private final TransferListener listener;

    private MergeOptions(Builder builder) {
        verify = builder.verify;
        expected = builder.expected;
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

    /** Returns whether objects are compared with their ids while they pass. */
    public boolean verify() {
        return verify;
    }

    /** Returns the SHA-256 that the content must have; empty if it is not checked. */
    public Optional<Sha256> expected() {
        return expected;
    }

    /** Returns the maximum number of threads that work on the merge; 0 for the number that suits the object store. */
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

    @Override
    public String toString() {
        return "MergeOptions[verify=" + verify + ", expected=" + expected + ", concurrency=" + concurrency + ", retry="
                + retry + "]";
    }

    /** Builds {@link MergeOptions}. Not thread-safe. */
    public static final class Builder {
        private boolean verify = true;
        private Optional<Sha256> expected = Optional.empty();
        private int concurrency;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private TransferListener listener = TransferListener.NONE;

        private Builder() {}

        /** Sets whether objects are compared with their ids while they pass; default true. Sizes are always checked. */
        public Builder verify(boolean verify) {
            this.verify = verify;
            return this;
        }

        /** Sets the SHA-256 that the whole content must have. The merge then proceeds in order, with one thread. */
        public Builder expected(Sha256 digest) {
            expected = Optional.of(Objects.requireNonNull(digest, "digest"));
            return this;
        }

        /**
         * Sets the maximum number of threads that work on the merge; default 0: the number that suits the object store.
         */
        public Builder concurrency(int threads) {
            concurrency = threads;
            return this;
        }

        /** Sets how failed requests are repeated. */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets the listener. */
        public Builder listener(TransferListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public MergeOptions build() {
            return new MergeOptions(this);
        }
    }
}
