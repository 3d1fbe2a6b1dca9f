package io.blobstore.spi;

import io.blobstore.BlobKey;
import io.blobstore.ByteRange;
import io.blobstore.RangeNotSatisfiableException;

/** Validates ranges against targets and blobs, the same way in every backend. */
public final class ByteRanges {
    private ByteRanges() {}

    /**
     * Checks, before any request, that a target can hold the bytes of a range.
     *
     * @param targetBytes the target's capacity in bytes
     * @throws IllegalArgumentException if an {@link ByteRange.Kind#EXACT} range or a {@link ByteRange.Kind#SUFFIX} is
     *     longer than the target
     */
    public static void requireRoom(ByteRange range, long targetBytes) {
        boolean needsRoom = range.kind() == ByteRange.Kind.EXACT || range.kind() == ByteRange.Kind.SUFFIX;
        if (needsRoom && range.length() > targetBytes) {
            throw new IllegalArgumentException(
                    "the range has " + range.length() + " bytes, but the target has room for only " + targetBytes);
        }
    }

    /**
     * Returns the bytes that a range denotes in a blob of a known size, read into a target of a known capacity: an
     * {@link ByteRange.Kind#EXACT} range.
     *
     * @param key the blob's key, for the exception
     * @throws RangeNotSatisfiableException if the offset is beyond the end, if an {@link ByteRange.Kind#EXACT} range
     *     extends beyond it, or if the target cannot hold all bytes of a {@link ByteRange.Kind#TO_END} range
     */
    public static ByteRange resolve(ByteRange range, BlobKey key, long blobSize, long targetBytes)
            throws RangeNotSatisfiableException {
        long length = range.length();
        if (range.kind() == ByteRange.Kind.SUFFIX) {
            long bytes = Math.min(Math.min(length, blobSize), targetBytes);
            return ByteRange.of(blobSize - bytes, bytes);
        }
        long offset = range.offset();
        if (offset > blobSize || (range.kind() == ByteRange.Kind.EXACT && length > blobSize - offset)) {
            throw new RangeNotSatisfiableException(
                    key, range + " is not inside the blob, which has " + blobSize + " bytes");
        }
        long available = Math.min(length, blobSize - offset);
        if (range.kind() == ByteRange.Kind.TO_END && available > targetBytes) {
            throw new RangeNotSatisfiableException(
                    key,
                    "the target has room for " + targetBytes + " bytes, the blob has " + available + " from offset "
                            + offset + " on; use a larger target or ByteRange.atMost");
        }
        return ByteRange.of(offset, Math.min(available, targetBytes));
    }
}
