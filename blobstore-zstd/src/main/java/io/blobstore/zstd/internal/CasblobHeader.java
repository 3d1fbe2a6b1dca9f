package io.blobstore.zstd.internal;

import io.blobstore.zstd.internal.FrameTable.Encoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The header of a casblob, the format in which bazel-remote 2.x stores blobs: a skippable frame of zstd with a table of
 * offsets, then the frames. So the whole is a file that any zstd decodes.
 *
 * <pre>
 * offset  type   value
 *  0      u32    0x184D2A50, the magic number of a skippable frame
 *  4      u32    21 + 8 * N, the length of what follows
 *  8      i64    size of the content
 * 16      u8     0: the content as it is; 1: zstd frames
 * 17      u32    content of each frame but the last
 * 21      i64    N: the number of offsets
 * 29      i64[N] the offset of each frame from the start of the file, and the length of the file
 * </pre>
 *
 * All little-endian; see {@code cache/disk/casblob/casblob.go} of bazel-remote. Whatever a header says is checked
 * against the length of the file before memory is allocated for it.
 *
 * @param contentSize the size of the content in bytes, 1 or more
 * @param encoding how the content is stored
 * @param frameSize the content of each frame but the last, in bytes
 * @param offsets the number of offsets
 */
public record CasblobHeader(long contentSize, Encoding encoding, int frameSize, int offsets) {
    /** The length of what precedes the offsets. */
    public static final int FIXED_LENGTH = 29;

    static final int MAGIC = 0x184D2A50;

    private static final int COUNTED_BY_FRAME_LENGTH = 21;

    /**
     * Returns whether bytes from the start of a file look like those of a casblob: other programs, such as pzstd, write
     * shorter skippable frames of the same number.
     */
    public static boolean isCasblob(ByteBuffer start) {
        ByteBuffer bytes = start.slice().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.remaining() >= FIXED_LENGTH
                && bytes.getInt(0) == MAGIC
                && Integer.toUnsignedLong(bytes.getInt(4)) >= COUNTED_BY_FRAME_LENGTH + 8;
    }

    /**
     * Parses what precedes the offsets.
     *
     * @param start at least {@link #FIXED_LENGTH} bytes from the start of the file, from the buffer's position on; its
     *     position is unchanged
     * @param storedSize the length of the file
     * @throws FrameFormatException if the file is no casblob of this length
     */
    public static CasblobHeader parse(ByteBuffer start, long storedSize) throws FrameFormatException {
        ByteBuffer bytes = start.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.remaining() < FIXED_LENGTH || bytes.getInt(0) != MAGIC) {
            throw new FrameFormatException("it does not begin as a casblob does");
        }
        long frameLength = Integer.toUnsignedLong(bytes.getInt(4));
        long contentSize = bytes.getLong(8);
        int type = bytes.get(16);
        long frameSize = Integer.toUnsignedLong(bytes.getInt(17));
        long offsets = bytes.getLong(21);
        if (type != 0 && type != 1) {
            throw new FrameFormatException("its type is " + type + ", which is neither 0 nor 1");
        }
        if (contentSize < 1 || frameSize < FrameTable.MIN_FRAME || frameSize > FrameTable.MAX_FRAME) {
            throw new FrameFormatException("its header gives a size of " + contentSize + " and frames of " + frameSize);
        }
        long expected = ceilDiv(contentSize, frameSize) + 1;
        if (offsets != expected && !(type == 0 && offsets == 2)) {
            throw new FrameFormatException(
                    offsets + " offsets are not those of " + contentSize + " bytes in frames of " + frameSize);
        }
        if (offsets - 1 > FrameTable.MAX_FRAMES || storedSize < FIXED_LENGTH + 8 * offsets) {
            throw new FrameFormatException(offsets + " offsets do not fit a file of " + storedSize + " bytes");
        }
        if (frameLength != COUNTED_BY_FRAME_LENGTH + 8 * offsets) {
            throw new FrameFormatException("its table has " + frameLength + " bytes, for " + offsets + " offsets");
        }
        return new CasblobHeader(
                contentSize, type == 0 ? Encoding.IDENTITY : Encoding.ZSTD, (int) frameSize, (int) offsets);
    }

    /**
     * Returns the header of content that is to be stored.
     *
     * @param contentSize 1 byte or more
     * @param frameSize the content of each frame but the last, 64 KiB to 64 MiB
     * @throws IllegalArgumentException if that is no content of a casblob
     */
    public static CasblobHeader of(long contentSize, Encoding encoding, int frameSize) {
        if (contentSize < 1 || frameSize < FrameTable.MIN_FRAME || frameSize > FrameTable.MAX_FRAME) {
            throw new IllegalArgumentException("a casblob has 1 byte of content or more, in frames of "
                    + FrameTable.MIN_FRAME + " to " + FrameTable.MAX_FRAME + "; got " + contentSize + " in frames of "
                    + frameSize);
        }
        long offsets = encoding == Encoding.IDENTITY ? 2 : ceilDiv(contentSize, frameSize) + 1;
        if (offsets - 1 > FrameTable.MAX_FRAMES) {
            throw new IllegalArgumentException(contentSize + " bytes are more than " + FrameTable.MAX_FRAMES
                    + " frames of " + frameSize + "; choose larger frames");
        }
        return new CasblobHeader(contentSize, encoding, frameSize, (int) offsets);
    }

    /**
     * Writes the header.
     *
     * @param table the frames, of which the first is stored at {@link #length()}
     * @param target receives {@link #length()} bytes from its position on, which advances
     */
    public void write(FrameTable table, ByteBuffer target) {
        if (table.frameCount() != offsets - 1
                || table.storedOffset(0) != length()
                || table.contentSize() != contentSize
                || table.encoding() != encoding) {
            throw new IllegalArgumentException("the table is not the one of this header: " + table);
        }
        ByteBuffer bytes = target.slice().order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(MAGIC).putInt(COUNTED_BY_FRAME_LENGTH + 8 * offsets).putLong(contentSize);
        bytes.put((byte) (encoding == Encoding.IDENTITY ? 0 : 1))
                .putInt(frameSize)
                .putLong(offsets);
        for (int i = 0; i < offsets; i++) {
            bytes.putLong(table.storedOffset(i));
        }
        target.position(target.position() + bytes.position());
    }

    /** Returns the length of the header: the offset of the first frame. */
    public int length() {
        return FIXED_LENGTH + 8 * offsets;
    }

    /**
     * Parses the offsets.
     *
     * @param header at least {@link #length()} bytes from the start of the file, from the buffer's position on; its
     *     position is unchanged
     * @param storedSize the length of the file
     * @throws FrameFormatException if the offsets are not those of frames that fill the file
     */
    public FrameTable table(ByteBuffer header, long storedSize) throws FrameFormatException {
        ByteBuffer bytes = header.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getLong(FIXED_LENGTH) != length() || bytes.getLong(length() - 8) != storedSize) {
            throw new FrameFormatException("its frames do not lie between the header and the end of the file");
        }
        if (encoding == Encoding.IDENTITY) {
            if (storedSize - length() != contentSize) {
                throw new FrameFormatException("it would store " + contentSize + " bytes as they are, but has "
                        + (storedSize - length()) + " after its header");
            }
            return FrameTable.identity(length(), contentSize);
        }
        long[] stored = new long[offsets];
        bytes.position(FIXED_LENGTH);
        bytes.asLongBuffer().get(stored);
        long[] content = new long[offsets];
        for (int i = 1; i < offsets; i++) {
            content[i] = Math.min(contentSize, (long) i * frameSize);
        }
        return FrameTable.zstd(stored, content);
    }

    private static long ceilDiv(long a, long b) {
        return a / b + (a % b == 0 ? 0 : 1);
    }
}
