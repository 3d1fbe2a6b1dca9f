package io.blobstore;

import java.util.Objects;

/**
 * A range of a blob's bytes. Offsets and lengths are in bytes.
 *
 * <p>Four kinds differ in what happens at the end of the blob:
 *
 * <ul>
 *   <li>{@link #of of(offset, length)}: exactly these bytes; it is an error if the blob ends earlier.
 *   <li>{@link #from from(offset)}: all bytes from the offset to the end; it is an error if the target is too small for
 *       them.
 *   <li>{@link #atMost atMost(offset, length)}: these bytes, or as many of them as exist; fetches a small blob of
 *       unknown size with one request.
 *   <li>{@link #last last(length)}: the last bytes of the blob, or the whole blob if it is shorter; reads the footer of
 *       a file of unknown size with one request.
 * </ul>
 *
 * @param offset the first byte, 0 or more; 0 for {@link Kind#SUFFIX}, whose offset depends on the blob's size
 * @param length the number of bytes, 0 or more; {@link Long#MAX_VALUE} for {@link Kind#TO_END}
 * @param kind how the range behaves at the end of the blob
 */
public record ByteRange(long offset, long length, Kind kind) {
    /** How a range behaves at the end of the blob. */
    public enum Kind {
        /** Every byte must exist. */
        EXACT,
        /** As many bytes as exist, up to the length. */
        AT_MOST,
        /** All bytes that exist. */
        TO_END,
        /** The last bytes, or all bytes if there are fewer. */
        SUFFIX
    }

    private static final ByteRange ALL = new ByteRange(0, Long.MAX_VALUE, Kind.TO_END);

    /**
     * Creates a range.
     *
     * @throws IllegalArgumentException if the offset or the length is negative, or their sum overflows; if a
     *     {@link Kind#SUFFIX} has another offset than 0
     */
    public ByteRange {
        Objects.requireNonNull(kind, "kind");
        if (offset < 0 || length < 0) {
            throw new IllegalArgumentException(
                    "a range needs an offset and a length of 0 or more; got offset " + offset + ", length " + length);
        }
        if (kind == Kind.SUFFIX && offset != 0) {
            throw new IllegalArgumentException("a suffix has offset 0; got " + offset);
        }
        if (kind != Kind.TO_END && offset > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("range overflows: offset " + offset + " + length " + length);
        }
    }

    /** Returns the range of exactly {@code length} bytes starting at {@code offset}. */
    public static ByteRange of(long offset, long length) {
        return new ByteRange(offset, length, Kind.EXACT);
    }

    /** Returns the range of at most {@code length} bytes starting at {@code offset}. */
    public static ByteRange atMost(long offset, long length) {
        return new ByteRange(offset, length, Kind.AT_MOST);
    }

    /** Returns the range of all bytes from {@code offset} to the end. */
    public static ByteRange from(long offset) {
        return new ByteRange(offset, Long.MAX_VALUE, Kind.TO_END);
    }

    /** Returns the range of the last {@code length} bytes, or of the whole blob if it is shorter. */
    public static ByteRange last(long length) {
        return new ByteRange(0, length, Kind.SUFFIX);
    }

    /** Returns the range of the whole blob. */
    public static ByteRange all() {
        return ALL;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case EXACT -> "range of " + length + " bytes at " + offset;
            case AT_MOST -> "range of at most " + length + " bytes at " + offset;
            case SUFFIX -> "range of the last " + length + " bytes";
            case TO_END -> offset == 0 ? "the whole blob" : "range from " + offset + " to the end";
        };
    }
}
