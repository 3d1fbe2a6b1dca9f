package io.blobstore;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Options with which a blob is stored. Immutable.
 *
 * <pre>{@code
 * StoreOptions options = StoreOptions.builder()
 *         .contentType("image/png")
 *         .userMetadata("origin", "camera-7")
 *         .precondition(Precondition.ifAbsent())
 *         .build();
 * }</pre>
 */
public final class StoreOptions {
    /** Stores no content type and no user metadata, and replaces a blob that the key has. */
    public static final StoreOptions DEFAULT = new Builder().build();

    /** The maximum number of bytes of user metadata, names and values together. */
    public static final int MAX_USER_METADATA_BYTES = 2048;

    private final Optional<String> contentType;
    private final Map<String, String> userMetadata;
    private final Precondition precondition;

    private StoreOptions(Builder builder) {
        contentType = builder.contentType;
        userMetadata = Map.copyOf(builder.userMetadata);
        precondition = builder.precondition;
        contentType.ifPresent(type -> requirePrintable("the content type", type));
        int bytes = 0;
        for (Map.Entry<String, String> entry : userMetadata.entrySet()) {
            String name = entry.getKey();
            if (name.isEmpty() || !name.chars().allMatch(StoreOptions::isNameCharacter)) {
                throw new IllegalArgumentException(
                        "the name of user metadata consists of a-z, 0-9, '-', '_' and '.'; got '" + name + "'");
            }
            requirePrintable("the value of user metadata '" + name + "'", entry.getValue());
            bytes += name.length() + entry.getValue().length();
        }
        if (bytes > MAX_USER_METADATA_BYTES) {
            throw new IllegalArgumentException("user metadata has at most " + MAX_USER_METADATA_BYTES
                    + " bytes, names and values together; got " + bytes);
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

    /** Returns the media type; empty if none is stored. */
    public Optional<String> contentType() {
        return contentType;
    }

    /** Returns the names and values that are stored with the blob; unmodifiable. */
    public Map<String, String> userMetadata() {
        return userMetadata;
    }

    /** Returns the condition that must hold when the blob becomes visible. */
    public Precondition precondition() {
        return precondition;
    }

    private static boolean isNameCharacter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    }

    private static void requirePrintable(String what, String value) {
        if (!value.chars().allMatch(c -> c >= ' ' && c <= '~') || !value.equals(value.strip())) {
            throw new IllegalArgumentException(
                    what + " must be printable ASCII without leading or trailing space; encode other text");
        }
        if (value.length() > MAX_USER_METADATA_BYTES) {
            throw new IllegalArgumentException(what + " has at most " + MAX_USER_METADATA_BYTES + " bytes");
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoreOptions that
                && contentType.equals(that.contentType)
                && userMetadata.equals(that.userMetadata)
                && precondition.equals(that.precondition);
    }

    @Override
    public int hashCode() {
        return Objects.hash(contentType, userMetadata, precondition);
    }

    @Override
    public String toString() {
        return "StoreOptions[contentType=" + contentType + ", userMetadata=" + userMetadata + ", precondition="
                + precondition + "]";
    }

    /** Builds {@link StoreOptions}. Not thread-safe. */
    public static final class Builder {
        private Optional<String> contentType = Optional.empty();
        private final Map<String, String> userMetadata = new TreeMap<>();
        private Precondition precondition = Precondition.none();

        private Builder() {}

        private Builder(StoreOptions options) {
            contentType = options.contentType;
            userMetadata.putAll(options.userMetadata);
            precondition = options.precondition;
        }

        /** Sets the media type: printable ASCII without leading or trailing space. */
        public Builder contentType(String type) {
            contentType = Optional.of(type);
            return this;
        }

        /**
         * Adds one name and value of user metadata. Names consist of {@code a-z 0-9 - _ .}, values of printable ASCII
         * without leading or trailing space; together they have at most {@value #MAX_USER_METADATA_BYTES} bytes, the
         * limit of S3, so that user metadata fits every store.
         */
        public Builder userMetadata(String name, String value) {
            userMetadata.put(name, value);
            return this;
        }

        /** Adds names and values of user metadata. */
        public Builder userMetadata(Map<String, String> metadata) {
            userMetadata.putAll(metadata);
            return this;
        }

        /** Sets the condition that must hold when the blob becomes visible. */
        public Builder precondition(Precondition condition) {
            precondition = condition;
            return this;
        }

        /** Sets the content type and the user metadata to those of another blob. */
        public Builder metadataOf(BlobMetadata blob) {
            contentType = blob.contentType();
            userMetadata.clear();
            userMetadata.putAll(blob.userMetadata());
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public StoreOptions build() {
            return new StoreOptions(this);
        }
    }
}
