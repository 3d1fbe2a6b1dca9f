package io.blobstore.zstd.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The table at the end of a file in the Zstandard seekable format: a skippable frame with the lengths of each frame,
 * which ends with a footer of 9 bytes.
 *
 * <pre>
 * offset  type   value
 *  0      u32    0x184D2A5E, the magic number of a skippable frame
 *  4      u32    the length of what follows
 *  8      entries: u32 stored length, u32 content length, and with checksums u32: the lower half of the content's XXH64
 *         footer: u32 number of frames, u8 flags (bit 7: checksums, bits 2 to 6: 0), u32 0x8F92EAB1
 * </pre>
 *
 * All little-endian; see {@code contrib/seekable_format/zstd_seekable_compression_format.md} of zstd, version 0.1.0.
 *
 * @param frameCount the number of frames
 * @param checksums whether entries have checksums
 */
public record SeekTable(int frameCount, boolean checksums) {
    /** The length of the footer, by which the table is found. */
    public static final int FOOTER_LENGTH = 9;

    static final int MAGIC = 0x184D2A5E;
    private static final int FOOTER_MAGIC = 0x8F92EAB1;
    private static final int CHECKSUMS = 0x80;
    private static final int RESERVED = 0x7C;
    private static final int SKIPPABLE_HEADER = 8;

    /** Returns whether bytes from the end of a file can be those of this format. */
    public static boolean isSeekable(ByteBuffer end) {
        ByteBuffer bytes = end.slice().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.remaining() >= FOOTER_LENGTH && bytes.getInt(bytes.limit() - 4) == FOOTER_MAGIC;
    }

    /**
     * Parses the footer.
     *
     * @param end the last bytes of the file, at least {@link #FOOTER_LENGTH}, from the buffer's position to its limit,
     *     which are unchanged
     * @param storedSize the length of the file
     * @throws FrameFormatException if the file does not end as this format prescribes
     */
    public static SeekTable parse(ByteBuffer end, long storedSize) throws FrameFormatException {
        if (!isSeekable(end)) {
            throw new FrameFormatException("it does not end with a seek table");
        }
        ByteBuffer bytes = end.slice().order(ByteOrder.LITTLE_ENDIAN);
        int footer = bytes.limit() - FOOTER_LENGTH;
        long frames = Integer.toUnsignedLong(bytes.getInt(footer));
        int flags = bytes.get(footer + 4);
        if ((flags & RESERVED) != 0) {
            throw new FrameFormatException("its seek table has flags of a later version of the format");
        }
        boolean checksums = (flags & CHECKSUMS) != 0;
        if (frames > FrameTable.MAX_FRAMES || storedSize < length(frames, checksums)) {
            throw new FrameFormatException(frames + " frames do not fit a file of " + storedSize + " bytes");
        }
        return new SeekTable((int) frames, checksums);
    }

    /** Returns the seek table of frames; with checksums if the table has them. */
    public static SeekTable of(FrameTable table) {
        return new SeekTable(table.frameCount(), table.hasChecksums());
    }

    /**
     * Writes the table and its footer.
     *
     * @param table the frames, without a gap from offset 0 on
     * @param target receives {@link #length()} bytes from its position on, which advances
     */
    public void write(FrameTable table, ByteBuffer target) {
        if (table.storedOffset(0) != 0 || table.frameCount() != frameCount || table.hasChecksums() != checksums) {
            throw new IllegalArgumentException("the table is not the one of this seek table: " + table);
        }
        ByteBuffer bytes = target.slice().order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(MAGIC).putInt(length() - SKIPPABLE_HEADER);
        for (int i = 0; i < frameCount; i++) {
            bytes.putInt((int) table.storedLength(i)).putInt((int) table.contentLength(i));
            if (checksums) {
                bytes.putInt(table.checksum(i));
            }
        }
        bytes.putInt(frameCount).put((byte) (checksums ? CHECKSUMS : 0)).putInt(FOOTER_MAGIC);
        target.position(target.position() + bytes.position());
    }

    /** Returns the length of the table with its footer: where it begins, counted from the end of the file. */
    public int length() {
        return (int) length(frameCount, checksums);
    }

    /** Returns the length of a table with its footer. */
    public static long length(long frames, boolean checksums) {
        return SKIPPABLE_HEADER + frames * (checksums ? 12 : 8) + FOOTER_LENGTH;
    }

    /**
     * Parses the entries.
     *
     * @param end at least the last {@link #length()} bytes of the file, from the buffer's position to its limit, which
     *     are unchanged
     * @param storedSize the length of the file
     * @throws FrameFormatException if the entries are not those of frames that precede the table
     */
    public FrameTable table(ByteBuffer end, long storedSize) throws FrameFormatException {
        ByteBuffer bytes = end.slice(end.limit() - length(), length()).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getInt() != MAGIC || bytes.getInt() != length() - SKIPPABLE_HEADER) {
            throw new FrameFormatException("the skippable frame of its seek table is damaged");
        }
        long[] stored = new long[frameCount + 1];
        long[] content = new long[frameCount + 1];
        int[] sums = new int[checksums ? frameCount : 0];
        for (int i = 0; i < frameCount; i++) {
            stored[i + 1] = stored[i] + Integer.toUnsignedLong(bytes.getInt());
            content[i + 1] = content[i] + Integer.toUnsignedLong(bytes.getInt());
            if (checksums) {
                sums[i] = bytes.getInt();
            }
        }
        if (stored[frameCount] > storedSize - length()) {
            throw new FrameFormatException("its frames would have " + stored[frameCount] + " bytes, but there are "
                    + (storedSize - length()) + " before its seek table");
        }
        return FrameTable.zstd(stored, content, sums);
    }
}
