package io.blobstore;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Options of {@link BlobStore#read}. Immutable. */
public final class ReadOptions {
    /** Reads the current version. */
    public static final ReadOptions DEFAULT = new Builder().build();

    private final Optional<BlobVersion> ifMatch;

    private ReadOptions(Builder builder) {
        ifMatch = builder.ifMatch;
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the only version that may be read; empty if the current version is read. */
    public Optional<BlobVersion> ifMatch() {
        return ifMatch;
    }

    /** Returns options that read this version only; see {@link Builder#ifMatch}. */
    public static ReadOptions ifMatch(BlobVersion version) {
        Objects.requireNonNull(version, "version");
        return builder().ifMatch(version).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReadOptions that && ifMatch.equals(that.ifMatch);
    }

    @Override
    public int hashCode() {
        return Objects.hash(ifMatch);
    }

    @Override
    public String toString() {
        return "ReadOptions[ifMatch=" + ifMatch + "]";
    }

    /** Builds {@link ReadOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<BlobVersion> ifMatch = Optional.empty();

        private Builder() {}

        private Builder(ReadOptions options) {
            ifMatch = options.ifMatch;
        }

        /**
         * Sets the only version that may be read; this keeps the parts of a parallel read consistent. The read returns
         * bytes of this version, or fails with {@link PreconditionFailedException} if the store does not have it: at
         * most stores, as soon as the blob has another version. A store that still has a version after it was replaced
         * or deleted may return its bytes. So this option ensures which bytes are read, not that they are the current
         * ones; {@link BlobStore#head} returns the current version.
         */
        public Builder ifMatch(BlobVersion version) {
            Objects.requireNonNull(version, "version");
            ifMatch = Optional.of(version);
            return this;
        }

        /** Builds the options. */
        public ReadOptions build() {
            return new ReadOptions(this);
        }
    }
}
