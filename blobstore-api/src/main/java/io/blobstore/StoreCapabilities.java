package io.blobstore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The features and limits of a store. Sizes are in bytes. Immutable. */
public final class StoreCapabilities {
    /** How a store supports a feature. */
    public enum Support {
        /** The store supports the feature itself, atomically. */
        NATIVE,
        /** The library emulates the feature by other requests; the store's documentation describes the guarantees. */
        EMULATED,
        /** The feature is not supported; its use throws {@link UnsupportedOperationException}. */
        NONE
    }

    private final boolean multipart;
    private final long minPartSize;
    private final long maxPartSize;
    private final int maxParts;
    private final long maxBlobSize;
    private final Support conditionalStore;
    private final Support presign;

    private StoreCapabilities(Builder builder) {
        multipart = builder.multipart;
        minPartSize = builder.minPartSize;
        maxPartSize = builder.maxPartSize;
        maxParts = builder.maxParts;
        maxBlobSize = builder.maxBlobSize;
        conditionalStore = builder.conditionalStore;
        presign = builder.presign;
    }

    /**
     * Returns a builder of capabilities that begin with multipart uploads without limits, no preconditions and no
     * presigned URLs.
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns whether the store accepts multipart uploads; otherwise every blob is stored with one request. */
    public boolean multipart() {
        return multipart;
    }

    /** Returns the size of the smallest part, except for the last one. */
    public long minPartSize() {
        return minPartSize;
    }

    /** Returns the size of the largest part. */
    public long maxPartSize() {
        return maxPartSize;
    }

    /** Returns the maximum number of parts of a blob. */
    public int maxParts() {
        return maxParts;
    }

    /** Returns the size of the largest blob. */
    public long maxBlobSize() {
        return maxBlobSize;
    }

    /** Returns how {@link Precondition}s are enforced. */
    public Support conditionalStore() {
        return conditionalStore;
    }

    /** Returns how the store supports presigned URLs. */
    public Support presign() {
        return presign;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoreCapabilities that
                && multipart == that.multipart
                && minPartSize == that.minPartSize
                && maxPartSize == that.maxPartSize
                && maxParts == that.maxParts
                && maxBlobSize == that.maxBlobSize
                && conditionalStore == that.conditionalStore
                && presign == that.presign;
    }

    @Override
    public int hashCode() {
        return Objects.hash(multipart, minPartSize, maxPartSize, maxParts, maxBlobSize, conditionalStore, presign);
    }

    @Override
    public String toString() {
        return "StoreCapabilities[multipart=" + multipart + ", minPartSize=" + minPartSize + ", maxPartSize="
                + maxPartSize + ", maxParts=" + maxParts + ", maxBlobSize=" + maxBlobSize + ", conditionalStore="
                + conditionalStore + ", presign=" + presign + "]";
    }

    /** Builds {@link StoreCapabilities}. Not thread-safe. */
    public static final class Builder {
        private boolean multipart = true;
        private long minPartSize = 1;
        private long maxPartSize = Long.MAX_VALUE;
        private int maxParts = Integer.MAX_VALUE;
        private long maxBlobSize = Long.MAX_VALUE;
        private Support conditionalStore = Support.NONE;
        private Support presign = Support.NONE;

        private Builder() {}

        private Builder(StoreCapabilities values) {
            multipart = values.multipart;
            minPartSize = values.minPartSize;
            maxPartSize = values.maxPartSize;
            maxParts = values.maxParts;
            maxBlobSize = values.maxBlobSize;
            conditionalStore = values.conditionalStore;
            presign = values.presign;
        }

        /** Sets whether the store accepts multipart uploads. */
        public Builder multipart(boolean supported) {
            multipart = supported;
            return this;
        }

        /** Sets the size of the smallest part, except for the last one. */
        public Builder minPartSize(long bytes) {
            minPartSize = bytes;
            return this;
        }

        /** Sets the size of the largest part. */
        public Builder maxPartSize(long bytes) {
            maxPartSize = bytes;
            return this;
        }

        /** Sets the maximum number of parts of a blob. */
        public Builder maxParts(int parts) {
            maxParts = parts;
            return this;
        }

        /** Sets the size of the largest blob. */
        public Builder maxBlobSize(long bytes) {
            maxBlobSize = bytes;
            return this;
        }

        /** Sets how {@link Precondition}s are enforced. */
        public Builder conditionalStore(Support support) {
            Objects.requireNonNull(support, "support");
            conditionalStore = support;
            return this;
        }

        /** Sets how the store supports presigned URLs. */
        public Builder presign(Support support) {
            Objects.requireNonNull(support, "support");
            presign = support;
            return this;
        }

        /** Builds the capabilities. */
        public StoreCapabilities build() {
            return new StoreCapabilities(this);
        }
    }
}
