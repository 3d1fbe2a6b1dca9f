package io.blobstore;

/**
 * Which bytes of a blob to read. Offsets and lengths are in bytes.
 *
 * <p>Three kinds, told apart by what happens at the blob's end:
 *
 * <ul>
 *   <li>{@link #of of(offset, length)}: exactly these bytes; a blob that ends earlier is an error.
 *   <li>{@link #from from(offset)}: all bytes from there to the end, however many; a target too small for them is an
 *       error.
 *   <li>{@link #atMost atMost(offset, length)}: these bytes or as many of them as there are; the way to fetch a small
 *       blob of unknown size with one request.
 * </ul>
 *
 * @param offset the first byte, 0 or more
 * @param length the number of bytes, 0 or more; {@link Long#MAX_VALUE} for {@link Kind#TO_END}
 * @param kind what happens at the end of the blob
 */
public record ByteRange(long offset, long length, Kind kind) {
    /** What a range does at the end of the blob. */
    public enum Kind {
        /** Every byte must exist. */
        EXACT,
        /** As many as exist, up to the length. */
        AT_MOST,
        /** All that exist. */
        TO_END
    }

    private static final ByteRange ALL = new ByteRange(0, Long.MAX_VALUE, Kind.TO_END);

    /** Refuses negative and overflowing ranges with {@link IllegalArgumentException}. */
    public ByteRange {
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException(
                    "a range needs an offset and a length of 0 or more; got offset " + offset + ", length " + length);
        }
        if (kind != Kind.TO_END && offset > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("range overflows: offset " + offset + " + length " + length);
        }
    }

    /** Exactly {@code length} bytes from {@code offset} on. */
    public static ByteRange of(long offset, long length) {
        return new ByteRange(offset, length, Kind.EXACT);
    }

    /** At most {@code length} bytes from {@code offset} on. */
    public static ByteRange atMost(long offset, long length) {
        return new ByteRange(offset, length, Kind.AT_MOST);
    }

    /** All bytes from {@code offset} to the end. */
    public static ByteRange from(long offset) {
        return new ByteRange(offset, Long.MAX_VALUE, Kind.TO_END);
    }

    /** The whole blob. */
    public static ByteRange all() {
        return ALL;
    }

    /**
     * Checks, before any request, that a target can hold what this range promises.
     *
     * @param targetBytes the room in the target
     * @throws IllegalArgumentException if an {@link Kind#EXACT} range is longer than the target
     */
    public void requireRoom(long targetBytes) {
        if (kind == Kind.EXACT && length > targetBytes) {
            throw new IllegalArgumentException(
                    "the range has " + length + " bytes, the target room for only " + targetBytes);
        }
    }

    /**
     * The number of bytes this range denotes in a blob of a known size, read into a target of a known room.
     *
     * @param key the blob, for the error
     * @throws RangeNotSatisfiableException if the offset is beyond the end, if an {@link Kind#EXACT} range reaches
     *     beyond it, or if the target cannot hold what a {@link Kind#TO_END} range denotes
     */
    public long resolve(BlobKey key, long blobSize, long targetBytes) throws RangeNotSatisfiableException {
        if (offset > blobSize || (kind == Kind.EXACT && length > blobSize - offset)) {
            throw new RangeNotSatisfiableException(
                    key, this + " is not inside the blob, which has " + blobSize + " bytes");
        }
        long available = Math.min(length, blobSize - offset);
        if (kind == Kind.TO_END && available > targetBytes) {
            throw new RangeNotSatisfiableException(
                    key,
                    "the target has room for " + targetBytes + " bytes, the blob has " + available + " from offset "
                            + offset + " on; use a larger target or ByteRange.atMost");
        }
        return Math.min(available, targetBytes);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case EXACT -> "range of " + length + " bytes at " + offset;
            case AT_MOST -> "range of at most " + length + " bytes at " + offset;
            case TO_END -> offset == 0 ? "the whole blob" : "range from " + offset + " to the end";
        };
    }
}
