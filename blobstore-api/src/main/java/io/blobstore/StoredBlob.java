package io.blobstore;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The result of storing a blob. Immutable. */
public final class StoredBlob {
    private final BlobKey key;
    private final long size;
    private final BlobVersion version;
    private final Optional<Crc32c> checksum;

    private StoredBlob(BlobKey key, long size, BlobVersion version, Optional<Crc32c> checksum) {
        this.key = key;
        this.size = size;
        this.version = version;
        this.checksum = checksum;
    }

    /** Returns a result with these values, for implementations of stores. */
    public static StoredBlob of(BlobKey key, long size, BlobVersion version, Optional<Crc32c> checksum) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(checksum, "checksum");
        return new StoredBlob(key, size, version, checksum);
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

    /** Returns the CRC32C of the whole content as the store has it; empty if it keeps none. */
    public Optional<Crc32c> checksum() {
        return checksum;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoredBlob that
                && key.equals(that.key)
                && size == that.size
                && version.equals(that.version)
                && checksum.equals(that.checksum);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, size, version, checksum);
    }

    @Override
    public String toString() {
        return "StoredBlob[key=" + key + ", size=" + size + ", version=" + version + ", checksum=" + checksum + "]";
    }
}
