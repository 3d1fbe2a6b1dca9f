package io.blobstore;

import java.util.Collections;
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
 *         .cacheControl("max-age=3600")
 *         .userMetadata("origin", "camera-7")
 *         .precondition(Precondition.ifAbsent())
 *         .build();
 * }</pre>
 */
public final class StoreOptions {
    /** Stores no content headers and no user metadata, and replaces a blob that the key has. */
    public static final StoreOptions DEFAULT = new Builder().build();

    /** The maximum number of bytes of user metadata, names and values together. */
    public static final int MAX_USER_METADATA_BYTES = 2048;

    private final Map<String, String> contentHeaders;
    private final Map<String, String> userMetadata;
    private final Precondition precondition;

    private StoreOptions(Builder builder) {
        contentHeaders = Collections.unmodifiableMap(new TreeMap<>(builder.contentHeaders));
        userMetadata = Map.copyOf(builder.userMetadata);
        precondition = builder.precondition;
        ContentHeaders.requireValid(contentHeaders);
        int bytes = 0;
        for (Map.Entry<String, String> entry : userMetadata.entrySet()) {
            String name = entry.getKey();
            if (name.isEmpty() || !name.chars().allMatch(StoreOptions::isNameCharacter)) {
                throw new IllegalArgumentException(
                        "the name of user metadata consists of a-z, 0-9, '-', '_' and '.'; got '" + name + "'");
            }
            ContentHeaders.requirePrintable("the value of user metadata '" + name + "'", entry.getValue());
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
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.TYPE));
    }

    /** Returns the encodings of the content, such as "gzip"; empty if none is stored. */
    public Optional<String> contentEncoding() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.ENCODING));
    }

    /** Returns the languages of the content's audience; empty if none is stored. */
    public Optional<String> contentLanguage() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.LANGUAGE));
    }

    /** Returns how a browser presents the content, and under which name it saves it; empty if none is stored. */
    public Optional<String> contentDisposition() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.DISPOSITION));
    }

    /** Returns how caches may keep the content; empty if none is stored. */
    public Optional<String> cacheControl() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.CACHE_CONTROL));
    }

    /** Returns all of these values, by the names of their header fields, as in "Content-Type"; unmodifiable. */
    public Map<String, String> contentHeaders() {
        return contentHeaders;
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

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoreOptions that
                && contentHeaders.equals(that.contentHeaders)
                && userMetadata.equals(that.userMetadata)
                && precondition.equals(that.precondition);
    }

    @Override
    public int hashCode() {
        return Objects.hash(contentHeaders, userMetadata, precondition);
    }

    @Override
    public String toString() {
        return "StoreOptions[contentHeaders=" + contentHeaders + ", userMetadata=" + userMetadata + ", precondition="
                + precondition + "]";
    }

    /** Builds {@link StoreOptions}. Not thread-safe. */
    public static final class Builder {
        private final Map<String, String> contentHeaders = new TreeMap<>();
        private final Map<String, String> userMetadata = new TreeMap<>();
        private Precondition precondition = Precondition.none();

        private Builder() {}

        private Builder(StoreOptions options) {
            contentHeaders.putAll(options.contentHeaders);
            userMetadata.putAll(options.userMetadata);
            precondition = options.precondition;
        }

        /** Sets the media type: printable ASCII without leading or trailing space, like all of these headers. */
        public Builder contentType(String type) {
            Objects.requireNonNull(type, "type");
            return header(ContentHeaders.TYPE, type);
        }

        /**
         * Sets the encodings of the content, such as "gzip". Describes the content, and does not change it: the caller
         * has encoded it, the store keeps the encoded bytes, and reads return them.
         */
        public Builder contentEncoding(String encoding) {
            Objects.requireNonNull(encoding, "encoding");
            return header(ContentHeaders.ENCODING, encoding);
        }

        /** Sets the languages of the content's audience, as in "de, en". */
        public Builder contentLanguage(String language) {
            Objects.requireNonNull(language, "language");
            return header(ContentHeaders.LANGUAGE, language);
        }

        /**
         * Sets how a browser presents the content, and under which name it saves it, as in {@code attachment;
         * filename="a.csv"}. For names with other characters than ASCII see RFC 6266.
         */
        public Builder contentDisposition(String disposition) {
            Objects.requireNonNull(disposition, "disposition");
            return header(ContentHeaders.DISPOSITION, disposition);
        }

        /** Sets how caches may keep the content, as in "public, max-age=3600". */
        public Builder cacheControl(String cacheControl) {
            Objects.requireNonNull(cacheControl, "cacheControl");
            return header(ContentHeaders.CACHE_CONTROL, cacheControl);
        }

        private Builder header(String name, String value) {
            contentHeaders.put(name, Objects.requireNonNull(value));
            return this;
        }

        /**
         * Adds one name and value of user metadata. Names consist of {@code a-z 0-9 - _ .}, values of printable ASCII
         * without leading or trailing space; together they have at most {@value #MAX_USER_METADATA_BYTES} bytes, the
         * limit of S3, so that user metadata fits every store.
         */
        public Builder userMetadata(String name, String value) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            userMetadata.put(name, value);
            return this;
        }

        /** Adds names and values of user metadata. */
        public Builder userMetadata(Map<String, String> metadata) {
            Objects.requireNonNull(metadata, "metadata");
            userMetadata.putAll(metadata);
            return this;
        }

        /** Sets the condition that must hold when the blob becomes visible. */
        public Builder precondition(Precondition condition) {
            Objects.requireNonNull(condition, "condition");
            precondition = condition;
            return this;
        }

        /**
         * Sets content headers and user metadata to those of another blob, whichever store it is in. They must be
         * within the limits of these options, as the metadata that other programs store may not be;
         * {@link BlobStore#copy(BlobKey, BlobKey, CopyOptions)} has no such limits.
         */
        public Builder metadataOf(BlobMetadata blob) {
            Objects.requireNonNull(blob, "blob");
            contentHeaders.clear();
            contentHeaders.putAll(blob.contentHeaders());
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
