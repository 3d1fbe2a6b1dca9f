package io.blobstore;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Options of {@link BlobStore#list}. Immutable. */
public final class ListOptions {
    /** Lists every blob of the store. */
    public static final ListOptions DEFAULT = new Builder().build();

    private final String prefix;
    private final Optional<String> delimiter;
    private final Optional<String> startAfter;

    private ListOptions(Builder builder) {
        prefix = builder.prefix;
        delimiter = builder.delimiter;
        startAfter = builder.startAfter;
        if (delimiter.isPresent() && delimiter.get().isEmpty()) {
            throw new IllegalArgumentException("a delimiter must not be empty");
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

    /** Returns the text with which listed keys begin; empty for all keys. */
    public String prefix() {
        return prefix;
    }

    /** Returns the delimiter at which keys are grouped; empty if every key is listed. */
    public Optional<String> delimiter() {
        return delimiter;
    }

    /** Returns the text after which the listing starts; empty if it starts with the first key. */
    public Optional<String> startAfter() {
        return startAfter;
    }

    /** Returns options that list the blobs whose keys begin with this text. */
    public static ListOptions prefix(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        return builder().prefix(prefix).build();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ListOptions that
                && prefix.equals(that.prefix)
                && delimiter.equals(that.delimiter)
                && startAfter.equals(that.startAfter);
    }

    @Override
    public int hashCode() {
        return Objects.hash(prefix, delimiter, startAfter);
    }

    @Override
    public String toString() {
        return "ListOptions[prefix=" + prefix + ", delimiter=" + delimiter + ", startAfter=" + startAfter + "]";
    }

    /** Builds {@link ListOptions}. Not thread-safe. */
    public static final class Builder {
        private String prefix = "";
        private Optional<String> delimiter = Optional.empty();
        private Optional<String> startAfter = Optional.empty();

        private Builder() {}

        private Builder(ListOptions options) {
            prefix = options.prefix;
            delimiter = options.delimiter;
            startAfter = options.startAfter;
        }

        /** Sets the text with which listed keys begin. */
        public Builder prefix(String prefix) {
            Objects.requireNonNull(prefix, "prefix");
            this.prefix = prefix;
            return this;
        }

        /**
         * Sets the delimiter. Keys that contain it after the prefix are not listed one by one but grouped into one
         * {@link BlobListing.CommonPrefix} that ends with its first occurrence: "/" lists one level of a tree.
         */
        public Builder delimiter(String text) {
            Objects.requireNonNull(text, "text");
            delimiter = Optional.of(text);
            return this;
        }

        /**
         * Sets the text after which the listing starts: only keys and common prefixes that sort after it are listed.
         */
        public Builder startAfter(String text) {
            Objects.requireNonNull(text, "text");
            startAfter = Optional.of(text);
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public ListOptions build() {
            return new ListOptions(this);
        }
    }
}
