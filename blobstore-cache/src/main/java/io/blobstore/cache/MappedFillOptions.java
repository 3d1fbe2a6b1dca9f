package io.blobstore.cache;

import io.blobstore.cache.pieces.PieceLayout;
import io.blobstore.transfer.RetryPolicy;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Options of a {@link MappedFill}. Immutable. */
public final class MappedFillOptions {
    /** Pieces of 4 MiB, 8 requests at a time, and the default retries. */
    public static final MappedFillOptions DEFAULT = builder().build();

    private final int pieceSize;
    private final int concurrency;
    private final RetryPolicy retry;

    private MappedFillOptions(Builder builder) {
        pieceSize = builder.pieceSize;
        concurrency = builder.concurrency;
        retry = builder.retry;
        PieceLayout.requirePieceSize(pieceSize);
        if (concurrency < 1) {
            throw new IllegalArgumentException("there must be 1 or more requests at a time; got " + concurrency);
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

    /** Returns the size of a piece in bytes. */
    public int pieceSize() {
        return pieceSize;
    }

    /** Returns the maximum number of requests in flight. */
    public int concurrency() {
        return concurrency;
    }

    /** Returns how often a failed request is attempted again. */
    public RetryPolicy retry() {
        return retry;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MappedFillOptions that
                && pieceSize == that.pieceSize
                && concurrency == that.concurrency
                && retry.equals(that.retry);
    }

    @Override
    public int hashCode() {
        return Objects.hash(pieceSize, concurrency, retry);
    }

    @Override
    public String toString() {
        return "MappedFillOptions[pieceSize=" + pieceSize + ", concurrency=" + concurrency + ", retry=" + retry + "]";
    }

    /** Builds {@link MappedFillOptions}. Not thread-safe. */
    public static final class Builder {
        private int pieceSize = 4 << 20;
        private int concurrency = 8;
        private RetryPolicy retry = RetryPolicy.DEFAULT;

        private Builder() {}

        private Builder(MappedFillOptions options) {
            pieceSize = options.pieceSize;
            concurrency = options.concurrency;
            retry = options.retry;
        }

        /**
         * Sets the size of a piece, which is fetched with one request: a power of two from 64 KiB to 64 MiB; default 4
         * MiB. Larger if there would be more than 2^20 pieces.
         */
        public Builder pieceSize(int bytes) {
            pieceSize = bytes;
            return this;
        }

        /** Sets the maximum number of requests in flight, 1 or more; default 8. */
        public Builder concurrency(int requests) {
            concurrency = requests;
            return this;
        }

        /** Sets how often a failed request is attempted again. */
        public Builder retry(RetryPolicy policy) {
            retry = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public MappedFillOptions build() {
            return new MappedFillOptions(this);
        }
    }
}
