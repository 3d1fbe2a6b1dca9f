package io.blobstore.split.repository;

import io.blobstore.split.oci.OciImage;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferListener;
import java.util.Objects;
import java.util.Optional;

/** Options of {@link SplitEngine#importImage}. Immutable. */
public final class OciImportOptions {
    /** Takes the name from the layout. */
    public static final OciImportOptions DEFAULT = builder().build();

    private final Optional<String> name;
    private final boolean heal;
    private final long maxLayerBytes;
    private final int concurrency;
    private final RetryPolicy retry;
    private final TransferListener listener;

    private OciImportOptions(Builder builder) {
        name = builder.name;
        heal = builder.heal;
        maxLayerBytes = builder.maxLayerBytes;
        concurrency = builder.concurrency;
        retry = builder.retry;
        listener = builder.listener;
        if (concurrency < 0 || maxLayerBytes < 0) {
            throw new IllegalArgumentException("the concurrency and the size of a layer must be 0 or more; got "
                    + concurrency + " and " + maxLayerBytes);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the name that the image gets in the repository; empty for the name that it has in the layout. */
    public Optional<String> name() {
        return name;
    }

    /** Returns whether layers and objects that are present are read, and replaced if they are damaged. */
    public boolean heal() {
        return heal;
    }

    /** Returns the largest decompressed layer that is accepted, in bytes. */
    public long maxLayerBytes() {
        return maxLayerBytes;
    }

    /** Returns the maximum number of threads that work on the import; 0 for the number that suits the object store. */
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
        return "OciImportOptions[name=" + name + ", heal=" + heal + ", maxLayerBytes=" + maxLayerBytes
                + ", concurrency=" + concurrency + ", retry=" + retry + "]";
    }

    /** Builds {@link OciImportOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<String> name = Optional.empty();
        private boolean heal;
        private long maxLayerBytes = 64L << 30;
        private int concurrency;
        private RetryPolicy retry = RetryPolicy.DEFAULT;
        private TransferListener listener = TransferListener.NONE;

        private Builder() {}

        /**
         * Sets the name that the image gets in the repository, such as {@code example/app:1.0}. Default: the one that
         * the layout gives it; see {@link OciImage#name}.
         *
         * @throws IllegalArgumentException if the name is empty, begins with {@code @}, which composefs reserves for
         *     digests, or is longer than 255 bytes
         */
        public Builder name(String name) {
            OciNames.ref(name);
            this.name = Optional.of(name);
            return this;
        }

        /**
         * Sets whether layers and objects that are present are read, and replaced if they are damaged. Default: only
         * that all of them are there is checked.
         */
        public Builder heal(boolean heal) {
            this.heal = heal;
            return this;
        }

        /** Sets the largest decompressed layer that is accepted, in bytes; default 64 GiB. */
        public Builder maxLayerBytes(long bytes) {
            maxLayerBytes = bytes;
            return this;
        }

        /**
         * Sets the maximum number of threads that work on the import; default 0: the number that suits the object
         * store.
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

        /** Sets the listener, for which the total is the size of the image's blobs, in bytes. */
        public Builder listener(TransferListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public OciImportOptions build() {
            return new OciImportOptions(this);
        }
    }
}
