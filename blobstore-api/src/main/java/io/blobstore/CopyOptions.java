package io.blobstore;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Options of {@link BlobStore#copy(BlobKey, BlobKey, CopyOptions)}. Immutable. */
public final class CopyOptions {
    /** Copies the current version, and replaces a blob that the target key has. */
    public static final CopyOptions DEFAULT = new Builder().build();

    private final Optional<BlobVersion> sourceVersion;
    private final Precondition precondition;

    private CopyOptions(Builder builder) {
        sourceVersion = builder.sourceVersion;
        precondition = builder.precondition;
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the only version of the source that may be copied; empty if the current version is copied. */
    public Optional<BlobVersion> sourceVersion() {
        return sourceVersion;
    }

    /** Returns the condition on the target. */
    public Precondition precondition() {
        return precondition;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CopyOptions that
                && sourceVersion.equals(that.sourceVersion)
                && precondition.equals(that.precondition);
    }

    @Override
    public int hashCode() {
        return Objects.hash(sourceVersion, precondition);
    }

    @Override
    public String toString() {
        return "CopyOptions[sourceVersion=" + sourceVersion + ", precondition=" + precondition + "]";
    }

    /** Builds {@link CopyOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<BlobVersion> sourceVersion = Optional.empty();
        private Precondition precondition = Precondition.none();

        private Builder() {}

        private Builder(CopyOptions options) {
            sourceVersion = options.sourceVersion;
            precondition = options.precondition;
        }

        /**
         * Sets the only version of the source that may be copied. The copy fails with
         * {@link PreconditionFailedException} if the source has another version by then.
         */
        public Builder sourceVersion(BlobVersion version) {
            Objects.requireNonNull(version, "version");
            sourceVersion = Optional.of(version);
            return this;
        }

        /** Sets the condition on the target, checked when the copy becomes visible. */
        public Builder precondition(Precondition condition) {
            Objects.requireNonNull(condition, "condition");
            precondition = condition;
            return this;
        }

        /** Builds the options. */
        public CopyOptions build() {
            return new CopyOptions(this);
        }
    }
}
