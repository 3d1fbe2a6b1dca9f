package io.blobstore;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a stored blob, as its store reports them. Immutable.
 *
 * <p>Metadata that other programs have stored is reported as it is, and may be outside the limits of
 * {@link StoreOptions}: its names may have capital letters, its values any characters.
 */
public final class BlobMetadata {
    private final BlobKey key;
    private final long size;
    private final BlobVersion version;
    private final Optional<Crc32c> checksum;
    private final Map<String, String> contentHeaders;
    private final Map<String, String> userMetadata;
    private final Instant lastModified;

    private BlobMetadata(Builder builder) {
        key = builder.key;
        size = builder.size;
        version = builder.version;
        checksum = builder.checksum;
        contentHeaders = Collections.unmodifiableMap(new TreeMap<>(builder.contentHeaders));
        userMetadata = Map.copyOf(builder.userMetadata);
        lastModified = builder.lastModified;
    }

    /** Returns a builder of metadata with these values and no optional ones, for implementations of stores. */
    public static Builder builder(BlobKey key, long size, BlobVersion version, Instant lastModified) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(lastModified, "lastModified");
        return new Builder(key, size, version, lastModified);
    }

    /** Returns a builder that starts with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the key of the blob. */
    public BlobKey key() {
        return key;
    }

    /** Returns the size of the blob in bytes. */
    public long size() {
        return size;
    }

    /** Returns the version of the content. */
    public BlobVersion version() {
        return version;
    }

    /** Returns the CRC32C of the whole content; empty if the store reports none. */
    public Optional<Crc32c> checksum() {
        return checksum;
    }

    /** Returns the media type with which the blob was stored; empty if it was stored without one. */
    public Optional<String> contentType() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.TYPE));
    }

    /** Returns the encodings of the content, such as "gzip"; empty if it was stored without. Reads do not decode. */
    public Optional<String> contentEncoding() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.ENCODING));
    }

    /** Returns the languages of the content's audience; empty if it was stored without. */
    public Optional<String> contentLanguage() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.LANGUAGE));
    }

    /** Returns how a browser presents the content; empty if it was stored without. */
    public Optional<String> contentDisposition() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.DISPOSITION));
    }

    /** Returns how caches may keep the content; empty if it was stored without. */
    public Optional<String> cacheControl() {
        return Optional.ofNullable(contentHeaders.get(ContentHeaders.CACHE_CONTROL));
    }

    /** Returns all of these values, by the names of their header fields, as in "Content-Type"; unmodifiable. */
    public Map<String, String> contentHeaders() {
        return contentHeaders;
    }

    /** Returns the names and values that the user stored with the blob; unmodifiable. */
    public Map<String, String> userMetadata() {
        return userMetadata;
    }

    /** Returns when this content was stored, by the clock of the store. */
    public Instant lastModified() {
        return lastModified;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BlobMetadata that
                && key.equals(that.key)
                && size == that.size
                && version.equals(that.version)
                && checksum.equals(that.checksum)
                && contentHeaders.equals(that.contentHeaders)
                && userMetadata.equals(that.userMetadata)
                && lastModified.equals(that.lastModified);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, size, version, checksum, contentHeaders, userMetadata, lastModified);
    }

    @Override
    public String toString() {
        return "BlobMetadata[key=" + key + ", size=" + size + ", version=" + version + ", checksum=" + checksum
                + ", contentHeaders=" + contentHeaders + ", userMetadata=" + userMetadata
                + ", lastModified=" + lastModified + "]";
    }

    /** Builds {@link BlobMetadata}. Not thread-safe. */
    public static final class Builder {
        private BlobKey key;
        private long size;
        private BlobVersion version;
        private Optional<Crc32c> checksum = Optional.empty();
        private final Map<String, String> contentHeaders = new TreeMap<>();
        private Map<String, String> userMetadata = Map.of();
        private Instant lastModified;

        private Builder(BlobKey key, long size, BlobVersion version, Instant lastModified) {
            this.key = key;
            this.size = size;
            this.version = version;
            this.lastModified = lastModified;
        }

        private Builder(BlobMetadata values) {
            key = values.key;
            size = values.size;
            version = values.version;
            checksum = values.checksum;
            contentHeaders.putAll(values.contentHeaders);
            userMetadata = values.userMetadata;
            lastModified = values.lastModified;
        }

        /** Sets the CRC32C of the whole content. */
        public Builder checksum(Optional<Crc32c> checksum) {
            Objects.requireNonNull(checksum, "checksum");
            this.checksum = checksum;
            return this;
        }

        /** Sets the media type. */
        public Builder contentType(Optional<String> type) {
            Objects.requireNonNull(type, "type");
            return header(ContentHeaders.TYPE, type);
        }

        /** Sets the encodings of the content. */
        public Builder contentEncoding(Optional<String> encoding) {
            Objects.requireNonNull(encoding, "encoding");
            return header(ContentHeaders.ENCODING, encoding);
        }

        /** Sets the languages of the content's audience. */
        public Builder contentLanguage(Optional<String> language) {
            Objects.requireNonNull(language, "language");
            return header(ContentHeaders.LANGUAGE, language);
        }

        /** Sets how a browser presents the content. */
        public Builder contentDisposition(Optional<String> disposition) {
            Objects.requireNonNull(disposition, "disposition");
            return header(ContentHeaders.DISPOSITION, disposition);
        }

        /** Sets how caches may keep the content. */
        public Builder cacheControl(Optional<String> cacheControl) {
            Objects.requireNonNull(cacheControl, "cacheControl");
            return header(ContentHeaders.CACHE_CONTROL, cacheControl);
        }

        /**
         * Sets all of these values, by the names of their header fields, which are compared without case; ignores other
         * fields.
         */
        public Builder contentHeaders(Map<String, String> fields) {
            Objects.requireNonNull(fields, "fields");
            contentHeaders.clear();
            contentHeaders.putAll(ContentHeaders.select(fields));
            return this;
        }

        private Builder header(String name, Optional<String> value) {
            ContentHeaders.set(contentHeaders, name, value);
            return this;
        }

        /** Sets the names and values that the user stored with the blob. */
        public Builder userMetadata(Map<String, String> metadata) {
            Objects.requireNonNull(metadata, "metadata");
            userMetadata = metadata;
            return this;
        }

        /** Sets the key of the blob. */
        public Builder key(BlobKey key) {
            Objects.requireNonNull(key, "key");
            this.key = key;
            return this;
        }

        /** Sets the size of the blob in bytes. */
        public Builder size(long size) {
            this.size = size;
            return this;
        }

        /** Sets the version of the content. */
        public Builder version(BlobVersion version) {
            Objects.requireNonNull(version, "version");
            this.version = version;
            return this;
        }

        /** Sets when this content was stored, by the clock of the store. */
        public Builder lastModified(Instant lastModified) {
            Objects.requireNonNull(lastModified, "lastModified");
            this.lastModified = lastModified;
            return this;
        }

        /** Builds the metadata. */
        public BlobMetadata build() {
            return new BlobMetadata(this);
        }
    }
}
