package io.blobstore.spi;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.StoreCapabilities;
import io.blobstore.UploadedPart;
import java.util.List;

/**
 * How a blob is split into parts: all of the same size except the last, which holds the rest. Sizes are in bytes.
 * Immutable.
 *
 * <p>Of content that is made while it is uploaded, the size is known at the end only: its layout is one
 * {@linkplain #ofUnknownSize of unknown size}, and its last part is the one with the highest number when the upload is
 * completed. Its parts may {@linkplain #growing grow}: the first {@value #EQUAL_PARTS} have the same size, and then the
 * size increases after every {@value #STEP} parts.
 *
 * @param size the blob's size, 1 or more; or {@link #UNKNOWN_SIZE}
 * @param partSize the size of every part but the last, 1 or more; if parts grow, that of the first ones
 * @param growth by how much the size of parts increases at each step; 0 if all have the same size
 */
public record PartLayout(long size, long partSize, long growth) {
    /** The size of a layout whose number of parts is not known when the upload begins. */
    public static final long UNKNOWN_SIZE = -1;

    private static final long MIB = 1 << 20;
    private static final long LARGEST_STREAM = 5L << 40;
    private static final int EQUAL_PARTS = 1000;
    private static final int STEP = 100;

    /**
     * Creates a layout.
     *
     * @throws IllegalArgumentException if a size is less than 1, or there are more than 2^31 - 1 parts
     */
    public PartLayout {
        if ((size < 1 && size != UNKNOWN_SIZE) || partSize < 1 || growth < 0) {
            throw new IllegalArgumentException(
                    "a layout needs a size and a part size of 1 or more, and a growth of 0 or" + " more; got " + size
                            + ", " + partSize + " and " + growth);
        }
        if (ceilDiv(size, partSize) > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(size + " bytes in parts of " + partSize + " are too many parts");
        }
    }

    /** Creates a layout whose parts have the same size. */
    public PartLayout(long size, long partSize) {
        this(size, partSize, 0);
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

    /**
     * Returns the layout of content whose size is not known at all: if 5 TiB, or the store's largest blob, do not fit
     * into its maximum number of parts of this size, the parts grow so that they do. With 10,000 parts and a size of 16
     * MiB, the first 16 GiB are in parts of that size, and the last part of 5 TiB has 1.2 GiB. For larger content, plan
     * with an upper bound of its size.
     */
    public static PartLayout growing(long partSize, StoreCapabilities limits) {
        PartLayout equal = ofUnknownSize(partSize);
        long capacity = equal.capacity(limits);
        long wanted = Math.min(limits.maxBlobSize(), LARGEST_STREAM);
        if (capacity >= wanted || limits.maxParts() <= EQUAL_PARTS) {
            return equal;
        }
        long least = ceilDiv(wanted - capacity, steps(limits.maxParts()));
        long most = Math.max(0, limits.maxPartSize() - partSize) / step(limits.maxParts());
        return new PartLayout(UNKNOWN_SIZE, partSize, Math.min(ceilDiv(least, MIB) * MIB, most));
    }

    /** Returns the size of the largest blob that has this layout within a store's limits. */
    public long capacity(StoreCapabilities limits) {
        long parts = limits.maxParts();
        long equal = partSize > Long.MAX_VALUE / parts ? Long.MAX_VALUE : partSize * parts;
        return Math.min(limits.maxBlobSize(), growth == 0 ? equal : equal + growth * steps(parts));
    }

    /** Returns how many times the size of parts has increased until a part. */
    private static long step(long partNumber) {
        return partNumber <= EQUAL_PARTS ? 0 : (partNumber - EQUAL_PARTS - 1) / STEP + 1;
    }

    /** Returns the sum of {@link #step} over the first parts. */
    private static long steps(long parts) {
        long growing = Math.max(0, parts - EQUAL_PARTS);
        long whole = growing / STEP;
        return STEP * (whole * (whole + 1) / 2) + growing % STEP * (whole + 1);
    }

    /** Returns the size of a part that is not the last one. */
    public long fullLength(int partNumber) {
        return partSize + growth * step(partNumber);
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
        int most = (int) ceilDiv(size, partSize);
        if (growth == 0) {
            return most;
        }
        int least = 1;
        while (least < most) {
            int middle = (least + most) >>> 1;
            if (end(middle) < size) {
                least = middle + 1;
            } else {
                most = middle;
            }
        }
        return least;
    }

    /** Returns the number of bytes of the first parts, if none of them is the last one. */
    private long end(long parts) {
        return parts * partSize + growth * steps(parts);
    }

    /** Returns the offset in the blob at which a part begins. */
    public long offset(int partNumber) {
        requirePart(partNumber);
        return end(partNumber - 1L);
    }

    /**
     * Returns the number of bytes of a part.
     *
     * @throws IllegalStateException if the size is unknown
     */
    public long length(int partNumber) {
        requireSize();
        return Math.min(fullLength(partNumber), size - offset(partNumber));
    }

    /**
     * Checks that a part fits this layout.
     *
     * @throws IllegalArgumentException if there is no part with this number, or it has a different size
     */
    public void requirePart(int partNumber, BlobSource content) {
        if (!isSizeKnown()) {
            requirePart(partNumber);
            if (content.size() < 1 || content.size() > fullLength(partNumber)) {
                throw new IllegalArgumentException("part " + partNumber + " has 1 to " + fullLength(partNumber)
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
        PartLayout layout = new PartLayout(offset(last.partNumber()) + last.size(), partSize, growth);
        for (UploadedPart part : parts) {
            if (part.size() != layout.length(part.partNumber())) {
                throw new IllegalStateException("part " + part.partNumber() + " has " + part.size()
                        + " bytes; every part but the last has " + fullLength(part.partNumber())
                        + " in this layout");
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
