package io.blobstore;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A part that a multipart upload has accepted. Immutable. */
public final class UploadedPart {
    private final int partNumber;
    private final long size;
    private final Crc32c checksum;

    private UploadedPart(int partNumber, long size, Crc32c checksum) {
        this.partNumber = partNumber;
        this.size = size;
        this.checksum = checksum;
    }

    /** Returns a part with these values, for implementations of stores. */
    public static UploadedPart of(int partNumber, long size, Crc32c checksum) {
        Objects.requireNonNull(checksum, "checksum");
        return new UploadedPart(partNumber, size, checksum);
    }

    /** Returns the number of the part, from 1. */
    public int partNumber() {
        return partNumber;
    }

    /** Returns the size of the part in bytes. */
    public long size() {
        return size;
    }

    /** Returns the CRC32C of the content that was sent, computed by the library. */
    public Crc32c checksum() {
        return checksum;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UploadedPart that
                && partNumber == that.partNumber
                && size == that.size
                && checksum.equals(that.checksum);
    }

    @Override
    public int hashCode() {
        return Objects.hash(partNumber, size, checksum);
    }

    @Override
    public String toString() {
        return "UploadedPart[partNumber=" + partNumber + ", size=" + size + ", checksum=" + checksum + "]";
    }
}
