package io.blobstore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The result of a read. Immutable. */
public final class ReadResult {
    private final BlobMetadata blob;
    private final long length;
    private final Crc32c checksum;

    private ReadResult(BlobMetadata blob, long length, Crc32c checksum) {
        this.blob = blob;
        this.length = length;
        this.checksum = checksum;
    }

    /** Returns a result with these values, for implementations of stores. */
    public static ReadResult of(BlobMetadata blob, long length, Crc32c checksum) {
        Objects.requireNonNull(blob, "blob");
        Objects.requireNonNull(checksum, "checksum");
        return new ReadResult(blob, length, checksum);
    }

    /**
     * Returns the metadata of the version to which the bytes belong. If only a range was read, the checksum of the
     * whole blob may be missing.
     */
    public BlobMetadata blob() {
        return blob;
    }

    /** Returns the number of bytes that were written to the target. */
    public long length() {
        return length;
    }

    /**
     * Returns the CRC32C of these bytes, computed by the library as they arrived. The checksums of adjacent ranges
     * combine into that of the whole.
     */
    public Crc32c checksum() {
        return checksum;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReadResult that
                && blob.equals(that.blob)
                && length == that.length
                && checksum.equals(that.checksum);
    }

    @Override
    public int hashCode() {
        return Objects.hash(blob, length, checksum);
    }

    @Override
    public String toString() {
        return "ReadResult[blob=" + blob + ", length=" + length + ", checksum=" + checksum + "]";
    }
}
