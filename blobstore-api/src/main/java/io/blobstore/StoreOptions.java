package io.blobstore;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How to store a blob.
 *
 * @param contentType its media type
 * @param userMetadata names and values kept along with it: names of {@code a-z 0-9 - _ .}, values of printable ASCII
 *     without leading or trailing space, {@value #MAX_USER_METADATA_BYTES} bytes in all (what S3 allows, so that
 *     metadata fits every store)
 * @param precondition what must hold when it becomes visible
 */
public record StoreOptions(Optional<String> contentType, Map<String, String> userMetadata, Precondition precondition) {
    /** The most bytes of user metadata, names and values together. */
    public static final int MAX_USER_METADATA_BYTES = 2048;

    /** No content type, no metadata, no precondition. */
    public static final StoreOptions DEFAULT = new StoreOptions(Optional.empty(), Map.of(), Precondition.none());

    /**
     * Refuses metadata that not every store can hold, with {@link IllegalArgumentException}. Takes a copy of the map.
     */
    public StoreOptions {
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
        userMetadata = Map.copyOf(userMetadata);
    }

    /** A builder with everything at its default. */
    public static Builder builder() {
        return DEFAULT.toBuilder();
    }

    /** A builder that begins with these options. */
    public Builder toBuilder() {
        return new Builder(this);
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

    /** Builds options. Not thread-safe. */
    public static final class Builder {
        private Optional<String> contentType;
        private final Map<String, String> userMetadata;
        private Precondition precondition;

        private Builder(StoreOptions options) {
            contentType = options.contentType;
            userMetadata = new TreeMap<>(options.userMetadata);
            precondition = options.precondition;
        }

        /** Sets the media type. */
        public Builder contentType(String contentType) {
            this.contentType = Optional.of(contentType);
            return this;
        }

        /** Adds one name and value of user metadata. */
        public Builder userMetadata(String name, String value) {
            userMetadata.put(name, value);
            return this;
        }

        /** Sets what must hold when the blob becomes visible. */
        public Builder precondition(Precondition precondition) {
            this.precondition = precondition;
            return this;
        }

        /** Builds; throws {@link IllegalArgumentException} as the record does. */
        public StoreOptions build() {
            return new StoreOptions(contentType, userMetadata, precondition);
        }
    }
}
