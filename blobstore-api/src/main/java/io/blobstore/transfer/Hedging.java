package io.blobstore.transfer;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options of hedged requests: when to request a part that takes long a second time; the first response wins.
 *
 * <p>Hedging uses workers that have no part left to fetch, so it applies to the last parts of a transfer only, and
 * never exceeds the concurrency. No part is requested a second time while the store throttles. The second response goes
 * into memory of its own and is copied from there. See J. Dean and L. A. Barroso, "The Tail at Scale", Communications
 * of the ACM 56(2), 2013. Immutable.
 */
public final class Hedging {
    /** Requests a part again that takes longer than 95 of 100, after 8 parts. */
    public static final Hedging DEFAULT = new Builder().build();

    private final double percentile;
    private final int minParts;

    private Hedging(Builder builder) {
        percentile = builder.percentile;
        minParts = builder.minParts;
        if (!(percentile > 0 && percentile <= 1) || minParts < 1) {
            throw new IllegalArgumentException(
                    "a percentile is more than 0 and at most 1, and needs 1 part or more; got " + percentile + " and "
                            + minParts);
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

    /** Returns the percentile of the durations of earlier parts after which a part is requested again. */
    public double percentile() {
        return percentile;
    }

    /** Returns how many parts must have arrived before any part is requested again. */
    public int minParts() {
        return minParts;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Hedging that
                && Double.compare(percentile, that.percentile) == 0
                && minParts == that.minParts;
    }

    @Override
    public int hashCode() {
        return Objects.hash(percentile, minParts);
    }

    @Override
    public String toString() {
        return "Hedging[percentile=" + percentile + ", minParts=" + minParts + "]";
    }

    /** Builds {@link Hedging}. Not thread-safe. */
    public static final class Builder {
        private double percentile = 0.95;
        private int minParts = 8;

        private Builder() {}

        private Builder(Hedging options) {
            percentile = options.percentile;
            minParts = options.minParts;
        }

        /**
         * Sets the percentile of the durations of earlier parts, above 0 and at most 1: a part that takes longer is
         * requested again.
         */
        public Builder percentile(double percentile) {
            this.percentile = percentile;
            return this;
        }

        /** Sets how many parts must have arrived before the percentile means anything, 1 or more. */
        public Builder minParts(int parts) {
            minParts = parts;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public Hedging build() {
            return new Hedging(this);
        }
    }
}
