package io.blobstore.spi;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.StoreCapabilities;
import io.blobstore.UploadedPart;
import java.util.List;

/**
 * How a blob is split into parts: all of the same size except the last, which holds the rest. Sizes are in bytes.
 *
 * <p>Of content that is made while it is uploaded, the size is known at the end only: its layout is one
 * {@linkplain #ofUnknownSize of unknown size}, and its last part is the one with the highest number when the upload is
 * completed.
 *
 * @param size the blob's size, 1 or more; or {@link #UNKNOWN_SIZE}
 * @param partSize the size of every part but the last, 1 or more
 */
public record PartLayout(long size, long partSize) {
    /** The size of a layout whose number of parts is not known when the upload begins. */
    public static final long UNKNOWN_SIZE = -1;

    private static final long MIB = 1 << 20;

    /**
     * Creates a layout.
     *
     * @throws IllegalArgumentException if a size is less than 1, or there are more than 2^31 - 1 parts
     */
    public PartLayout {
        if ((size < 1 && size != UNKNOWN_SIZE) || partSize < 1) {
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

    /** Returns the layout of content whose size is not known yet. */
    public static PartLayout ofUnknownSize(long partSize) {
        return new PartLayout(UNKNOWN_SIZE, partSize);
    }

    /** Returns whether the size is known. */
    public boolean isSizeKnown() {
        return size != UNKNOWN_SIZE;
    }

    /**
     * Returns the number of parts; they are numbered from 1 to this.
     *
     * @throws IllegalStateException if the size is unknown
     */
    public int partCount() {
        requireSize();
        return (int) ceilDiv(size, partSize);
    }

    /** Returns the offset in the blob at which a part begins. */
    public long offset(int partNumber) {
        requirePart(partNumber);
        return (partNumber - 1) * partSize;
    }

    /**
     * Returns the number of bytes of a part.
     *
     * @throws IllegalStateException if the size is unknown
     */
    public long length(int partNumber) {
        requireSize();
        return Math.min(partSize, size - offset(partNumber));
    }

    /**
     * Checks that a part fits this layout.
     *
     * @throws IllegalArgumentException if there is no part with this number, or it has a different size
     */
    public void requirePart(int partNumber, BlobSource content) {
        if (!isSizeKnown()) {
            requirePart(partNumber);
            if (content.size() < 1 || content.size() > partSize) {
                throw new IllegalArgumentException("part " + partNumber + " has 1 to " + partSize
                        + " bytes in this layout; got " + content.size());
            }
            return;
        }
        if (content.size() != length(partNumber)) {
            throw new IllegalArgumentException("part " + partNumber + " has " + length(partNumber)
                    + " bytes in this layout; got " + content.size());
        }
    }

    /**
     * Returns this layout with the size of the parts that were uploaded; itself if its size is known.
     *
     * @param parts sorted by number, each once
     * @throws IllegalStateException if a part is missing, or one that is not the last has another size than the others
     */
    public PartLayout withSizeOf(List<UploadedPart> parts) {
        if (isSizeKnown()) {
            return this;
        }
        if (parts.isEmpty()) {
            throw new IllegalStateException("no part was uploaded");
        }
        UploadedPart last = parts.get(parts.size() - 1);
        PartLayout layout = new PartLayout(offset(last.partNumber()) + last.size(), partSize);
        for (UploadedPart part : parts) {
            if (part.size() != layout.length(part.partNumber())) {
                throw new IllegalStateException("part " + part.partNumber() + " has " + part.size()
                        + " bytes; every part but the last has " + partSize + " in this layout");
            }
        }
        return layout;
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
        boolean fits;
        if (!isSizeKnown()) {
            fits = partSize >= limits.minPartSize() && partSize <= limits.maxPartSize();
        } else if (partCount() > 1) {
            fits = plan(size, partSize, limits).equals(this);
        } else {
            fits = size <= Math.min(limits.maxPartSize(), limits.maxBlobSize());
        }
        if (!fits) {
            throw new IllegalArgumentException("parts of " + partSize + " bytes for a blob of "
                    + (isSizeKnown() ? size : "unknown size") + " are outside the store's limits: parts of "
                    + limits.minPartSize() + " to "
                    + limits.maxPartSize() + " bytes, at most " + limits.maxParts() + " of them");
        }
    }

    private void requireSize() {
        if (!isSizeKnown()) {
            throw new IllegalStateException("the size is not known before the last part was uploaded");
        }
    }

    private void requirePart(int partNumber) {
        int last = isSizeKnown() ? partCount() : Integer.MAX_VALUE;
        if (partNumber < 1 || partNumber > last) {
            throw new IllegalArgumentException(
                    "parts are numbered from 1 to " + last + " in this layout; got " + partNumber);
        }
    }

    private static long ceilDiv(long a, long b) {
        return a / b + (a % b == 0 ? 0 : 1);
    }
}
