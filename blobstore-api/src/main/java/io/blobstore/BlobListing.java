package io.blobstore;

import java.io.Closeable;
import java.io.IOException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a listing in order, fetched page by page as they are read. Must be closed. Not thread-safe.
 *
 * <p>It is not an {@link java.util.Iterator}, as each step may fail with an {@code IOException}.
 */
public interface BlobListing extends Closeable {
    /** Returns whether {@link #next()} returns another entry. */
    boolean hasNext() throws IOException;

    /**
     * Returns the next entry.
     *
     * @throws java.util.NoSuchElementException if no entry is left
     */
    Entry next() throws IOException;

    /**
     * Returns how many entries were skipped so far because they cannot be blobs: their name cannot be a key, or their
     * size is missing or negative. The first of a listing is logged as a warning. {@link BlobStore#deleteAll} does not
     * delete what is skipped.
     */
    long skipped();

    /** One entry of a listing. */
    sealed interface Entry {
        /** Returns the key, or the prefix, by which entries are sorted. */
        String name();
    }

    /** A blob. Immutable. */
    final class Blob implements Entry {
        private final BlobKey key;
        private final long size;
        private final Optional<BlobVersion> version;
        private final Optional<Instant> lastModified;

        private Blob(BlobKey key, long size, Optional<BlobVersion> version, Optional<Instant> lastModified) {
            this.key = key;
            this.size = size;
            this.version = version;
            this.lastModified = lastModified;
        }

        /** Returns an entry with these values, for implementations of stores. */
        public static Blob of(BlobKey key, long size, Optional<BlobVersion> version, Optional<Instant> lastModified) {
            Objects.requireNonNull(key, "key");
            Objects.requireNonNull(version, "version");
            Objects.requireNonNull(lastModified, "lastModified");
            return new Blob(key, size, version, lastModified);
        }

        /** Returns the key of the blob. */
        public BlobKey key() {
            return key;
        }

        /** Returns the size of the blob in bytes. */
        public long size() {
            return size;
        }

        /** Returns the version of the content; empty if the server lists none. */
        public Optional<BlobVersion> version() {
            return version;
        }

        /** Returns when the blob was stored, by the clock of the store; empty if the server lists no valid time. */
        public Optional<Instant> lastModified() {
            return lastModified;
        }

        @Override
        public String name() {
            return key.toString();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Blob that
                    && key.equals(that.key)
                    && size == that.size
                    && version.equals(that.version)
                    && lastModified.equals(that.lastModified);
        }

        @Override
        public int hashCode() {
            return Objects.hash(key, size, version, lastModified);
        }

        @Override
        public String toString() {
            return "Blob[key=" + key + ", size=" + size + ", version=" + version + ", lastModified=" + lastModified
                    + "]";
        }
    }

    /**
     * The entry that stands for all blobs whose keys begin with one prefix, which ends with the delimiter. Immutable.
     */
    final class CommonPrefix implements Entry {
        private final String name;

        private CommonPrefix(String name) {
            this.name = name;
        }

        /** Returns an entry with this prefix, for implementations of stores. */
        public static CommonPrefix of(String name) {
            Objects.requireNonNull(name, "name");
            return new CommonPrefix(name);
        }

        /** Returns the prefix, including the delimiter at its end. */
        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof CommonPrefix that && name.equals(that.name);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name);
        }

        @Override
        public String toString() {
            return "CommonPrefix[name=" + name + "]";
        }
    }
}
