package io.blobstore;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Options of {@link BlobStore#presign}: what the URL permits. Immutable. */
public final class PresignOptions {
    /** Permits reading the blob for 15 minutes. */
    public static final PresignOptions DEFAULT = new Builder().build();

    /** The kind of request that a URL permits. */
    public enum Method {
        /** Reads the blob. */
        GET,
        /** Stores the blob. */
        PUT
    }

    private final Method method;
    private final Duration validity;

    private PresignOptions(Builder builder) {
        method = builder.method;
        validity = builder.validity;
        if (validity.isNegative() || validity.isZero()) {
            throw new IllegalArgumentException("the validity must be positive; got " + validity);
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

    /** Returns the method of the request that the URL permits. */
    public Method method() {
        return method;
    }

    /** Returns how long the URL is valid. */
    public Duration validity() {
        return validity;
    }

    /** Returns options of a URL that permits reading the blob. */
    public static PresignOptions get(Duration validity) {
        return builder().method(Method.GET).validity(validity).build();
    }

    /** Returns options of a URL that permits storing the blob. */
    public static PresignOptions put(Duration validity) {
        return builder().method(Method.PUT).validity(validity).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PresignOptions that && method == that.method && validity.equals(that.validity);
    }

    @Override
    public int hashCode() {
        return Objects.hash(method, validity);
    }

    @Override
    public String toString() {
        return "PresignOptions[method=" + method + ", validity=" + validity + "]";
    }

    /** Builds {@link PresignOptions}. Not thread-safe. */
    public static final class Builder {
        private Method method = Method.GET;
        private Duration validity = Duration.ofMinutes(15);

        private Builder() {}

        private Builder(PresignOptions options) {
            method = options.method;
            validity = options.validity;
        }

        /** Sets the method of the request that the URL permits. */
        public Builder method(Method method) {
            this.method = method;
            return this;
        }

        /** Sets how long the URL is valid; a store may permit less. */
        public Builder validity(Duration validity) {
            this.validity = validity;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public PresignOptions build() {
            return new PresignOptions(this);
        }
    }
}
