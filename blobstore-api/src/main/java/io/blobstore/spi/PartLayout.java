package io.blobstore.spi;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.StoreCapabilities;
import io.blobstore.UploadedPart;
import java.util.List;

/**
 * How a blob is split into parts: all of the same size except the last, which holds the rest. Sizes are in bytes.
 *
 * @param size the blob's size, 1 or more
 * @param partSize the size of every part but the last, 1 or more
 */
public record PartLayout(long size, long partSize) {
    private static final long MIB = 1 << 20;

    /**
     * Creates a layout.
     *
     * @throws IllegalArgumentException if a size is less than 1, or there are more than 2^31 - 1 parts
     */
    public PartLayout {
        if (size < 1 || partSize < 1) {
            throw new IllegalArgumentException(
                    "a layout needs a size and a part size of 1 or more; got " + size + " and " + partSize);
        }
        if (ceilDiv(size, partSize) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(size + " bytes in parts of " + partSize + " are too many parts");
        }
    }

    /**
     * Returns the layout with the part size closest to the preferred one within a store's limits. If the preferred size
     * would give too many parts, the part size grows to a whole number of MiB, or to the maximum part size if that is
     * less.
     *
     * @throws IllegalArgumentException if the blob is larger than the store allows
     */
    public static PartLayout plan(long size, long preferredPartSize, StoreCapabilities limits) {
        if (size > limits.maxBlobSize() || ceilDiv(size, limits.maxPartSize()) > limits.maxParts()) {
            throw new IllegalArgumentException("a blob of " + size + " bytes is larger than the store allows: "
                    + limits.maxBlobSize() + " bytes, in at most " + limits.maxParts() + " parts of at most "
                    + limits.maxPartSize());
        }
        long partSize = Math.min(Math.max(preferredPartSize, limits.minPartSize()), limits.maxPartSize());
        if (ceilDiv(size, partSize) > limits.maxParts()) {
            long least = ceilDiv(size, limits.maxParts());
            partSize = least > limits.maxPartSize() - MIB ? limits.maxPartSize() : ceilDiv(least, MIB) * MIB;
        }
        return new PartLayout(size, partSize);
    }

    /** Returns the number of parts; they are numbered from 1 to this. */
    public int partCount() {
        return (int) ceilDiv(size, partSize);
    }

    /** Returns the offset in the blob at which a part begins. */
    public long offset(int partNumber) {
        requirePart(partNumber);
        return (partNumber - 1) * partSize;
    }

    /** Returns the number of bytes of a part. */
    public long length(int partNumber) {
        return Math.min(partSize, size - offset(partNumber));
    }

    /**
     * Checks that a part fits this layout.
     *
     * @throws IllegalArgumentException if there is no part with this number, or it has a different size
     */
    public void requirePart(int partNumber, BlobSource content) {
        if (content.size() != length(partNumber)) {
            throw new IllegalArgumentException("part " + partNumber + " has " + length(partNumber)
                    + " bytes in this layout; got " + content.size());
        }
    }

    /**
     * Returns the checksum of the whole blob, combined from the checksums of its parts.
     *
     * @param parts sorted by number, each once
     * @throws IllegalStateException if a part is missing
     */
    public Crc32c checksum(List<UploadedPart> parts) {
        Crc32c whole = Crc32c.EMPTY;
        for (int number = 1; number <= partCount(); number++) {
            if (number > parts.size() || parts.get(number - 1).partNumber() != number) {
                throw new IllegalStateException("part " + number + " of " + partCount() + " was not uploaded");
            }
            UploadedPart part = parts.get(number - 1);
            whole = whole.combine(part.checksum(), part.size());
        }
        return whole;
    }

    /**
     * Checks that this layout is within a store's limits.
     *
     * @throws IllegalArgumentException if it is outside of them
     */
    public void requireWithin(StoreCapabilities limits) {
        boolean fits = partCount() > 1
                ? plan(size, partSize, limits).equals(this)
                : size <= Math.min(limits.maxPartSize(), limits.maxBlobSize());
        if (!fits) {
            throw new IllegalArgumentException("parts of " + partSize + " bytes for a blob of " + size
                    + " are outside the store's limits: parts of " + limits.minPartSize() + " to "
                    + limits.maxPartSize() + " bytes, at most " + limits.maxParts() + " of them");
        }
    }

    private void requirePart(int partNumber) {
        if (partNumber < 1 || partNumber > partCount()) {
            throw new IllegalArgumentException(
                    "parts are numbered from 1 to " + partCount() + " in this layout; got " + partNumber);
        }
    }

    private static long ceilDiv(long a, long b) {
        return a / b + (a % b == 0 ? 0 : 1);
    }
}
