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
    private final boolean unchanged;

    private StoredBlob(BlobKey key, long size, BlobVersion version, Optional<Crc32c> checksum, boolean unchanged) {
        this.key = key;
        this.size = size;
        this.version = version;
        this.checksum = checksum;
        this.unchanged = unchanged;
    }

    /** Returns a result with these values, for implementations of stores. */
    public static StoredBlob of(BlobKey key, long size, BlobVersion version, Optional<Crc32c> checksum) {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(version, "version");
        Objects.requireNonNull(checksum, "checksum");
        return new StoredBlob(key, size, version, checksum, false);
    }

    /** Returns the result for a blob that has the content already, so that nothing was sent. */
    public static StoredBlob unchanged(BlobMetadata blob) {
        Objects.requireNonNull(blob, "blob");
        return new StoredBlob(blob.key(), blob.size(), blob.version(), blob.checksum(), true);
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

    /**
     * Returns whether the upload was skipped because the blob had the same size and checksum; see
     * {@link io.blobstore.transfer.UploadOptions#ifChanged}.
     */
    public boolean isUnchanged() {
        return unchanged;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoredBlob that
                && key.equals(that.key)
                && size == that.size
                && version.equals(that.version)
                && checksum.equals(that.checksum)
                && unchanged == that.unchanged;
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, size, version, checksum, unchanged);
    }

    @Override
    public String toString() {
        return "StoredBlob[key=" + key + ", size=" + size + ", version=" + version + ", checksum=" + checksum
                + (unchanged ? ", unchanged]" : "]");
    }
}
