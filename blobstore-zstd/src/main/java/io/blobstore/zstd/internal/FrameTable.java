package io.blobstore.zstd.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * Where each frame of a compressed blob is stored, and which bytes of the content it holds. Offsets and lengths are in
 * bytes; frames are numbered from 0. Immutable.
 */
public final class FrameTable {
    /** The least content of a frame that is written, except the last. Others' tables may have smaller ones. */
    public static final int MIN_FRAME = 64 << 10;

    /** The most content of a frame: what a reader needs as memory. */
    public static final int MAX_FRAME = 64 << 20;

    /** The most frames of a blob: 8 TiB in frames of 1 MiB. Bounds the memory of a table to 128 MiB. */
    public static final int MAX_FRAMES = 8 << 20;

    /** What a frame may have beyond the bound of zstd: a skippable frame before or after it. */
    private static final int SKIPPABLE = 64 << 10;

    /** How the content is stored. */
    public enum Encoding {
        /** Each frame is an independent zstd frame. */
        ZSTD,
        /** The content as it is, as one frame of any length. */
        IDENTITY
    }

    private final Encoding encoding;
    /** Frame i is stored at {@code [stored[i], stored[i + 1])}. */
    private final long[] stored;
    /** Frame i holds {@code [content[i], content[i + 1])} of the content. */
    private final long[] content;
    /** The lower half of the XXH64 of each frame's content; empty if the table has none. */
    private final int[] checksums;

    private FrameTable(Encoding encoding, long[] stored, long[] content, int[] checksums) {
        this.encoding = encoding;
        this.stored = stored;
        this.content = content;
        this.checksums = checksums;
    }

    /** Returns the table of content that is stored as it is, at an offset. */
    public static FrameTable identity(long storedOffset, long contentSize) {
        return new FrameTable(
                Encoding.IDENTITY,
                new long[] {storedOffset, storedOffset + contentSize},
                new long[] {0, contentSize},
                new int[0]);
    }

    /**
     * Creates the table of zstd frames.
     *
     * @param stored the offset of each frame, and of the end of the last
     * @param content the offset of the content of each frame, and the size of the content
     * @param checksums the lower half of the XXH64 of each frame's content, or none
     * @throws FrameFormatException if offsets do not ascend, or a frame is larger than frames can be
     */
    static FrameTable zstd(long[] stored, long[] content, int... checksums) throws FrameFormatException {
        for (int i = 0; i + 1 < stored.length; i++) {
            long storedLength = stored[i + 1] - stored[i];
            long contentLength = content[i + 1] - content[i];
            if (storedLength <= 0 || contentLength < 0) {
                throw new FrameFormatException("the offsets of frame " + i + " do not ascend");
            }
            if (contentLength > MAX_FRAME || storedLength > storedBound(contentLength)) {
                throw new FrameFormatException("frame " + i + " would hold " + contentLength + " bytes of content in "
                        + storedLength + " bytes; the most are " + MAX_FRAME + ", stored in little more");
            }
        }
        return new FrameTable(Encoding.ZSTD, stored, content, checksums);
    }

    /** Returns the most bytes in which content of a frame may be stored. */
    static long storedBound(long contentLength) {
        // ZSTD_COMPRESSBOUND of zstd.h: 1/256 more, and a margin for small content.
        return contentLength + (contentLength >> 8) + (1 << 10) + SKIPPABLE;
    }

    /** Returns how the content is stored. */
    public Encoding encoding() {
        return encoding;
    }

    /** Returns the size of the content. */
    public long contentSize() {
        return content[content.length - 1];
    }

    /** Returns the number of frames. */
    public int frameCount() {
        return stored.length - 1;
    }

    /** Returns the frame that holds a byte of the content. */
    public int frameAt(long contentOffset) {
        Objects.checkIndex(contentOffset, contentSize());
        int found = Arrays.binarySearch(content, contentOffset);
        if (found < 0) {
            return -found - 2;
        }
        while (content[found + 1] == contentOffset) { // a frame without content, such as a skippable one
            found++;
        }
        return found;
    }

    /** Returns the offset at which a frame is stored; for the number of frames, where the last one ends. */
    public long storedOffset(int frame) {
        return stored[frame];
    }

    /** Returns the number of bytes in which a frame is stored. */
    public long storedLength(int frame) {
        return stored[frame + 1] - stored[frame];
    }

    /** Returns the offset in the content of a frame's first byte; for the number of frames, the content's size. */
    public long contentOffset(int frame) {
        return content[frame];
    }

    /** Returns the number of bytes of content that a frame holds. */
    public long contentLength(int frame) {
        return content[frame + 1] - content[frame];
    }

    /** Returns whether the table has a checksum for each frame, besides the one that a frame itself may have. */
    public boolean hasChecksums() {
        return checksums.length > 0;
    }

    /** Returns the lower half of the XXH64 of a frame's content. */
    int checksum(int frame) {
        return checksums[frame];
    }

    /** Returns the number of bytes of memory that this table takes, approximately. */
    public long memory() {
        return 16L * stored.length + 4L * checksums.length + 64;
    }

    @Override
    public String toString() {
        return "FrameTable[" + encoding + ", " + contentSize() + " bytes in " + frameCount() + " frames]";
    }

    /** Collects the frames of a blob while they are written. Not thread-safe. */
    public static final class Builder {
        private final boolean checksums;
        private long[] stored;
        private long[] content;
        private int[] sums;
        private int count;

        /**
         * Creates a builder.
         *
         * @param storedOffset where the first frame is stored
         * @param checksums whether each frame has a checksum in the table
         */
        public Builder(long storedOffset, boolean checksums) {
            this.checksums = checksums;
            stored = new long[16];
            content = new long[16];
            sums = new int[checksums ? 16 : 0];
            stored[0] = storedOffset;
        }

        /**
         * Adds a frame after the one before.
         *
         * @param storedLength 1 byte or more; of the frame, and of skippable frames that belong to it
         * @param contentLength up to 64 MiB
         */
        public Builder add(long storedLength, long contentLength) {
            if (checksums) {
                throw new IllegalStateException("frames of this table have a checksum");
            }
            return append(storedLength, contentLength, 0);
        }

        /**
         * Adds a frame after the one before.
         *
         * @param bytes the content, from position to limit, which are unchanged
         */
        public Builder add(long storedLength, ByteBuffer bytes) {
            return append(storedLength, bytes.remaining(), checksums ? (int) XxHash64.of(bytes) : 0);
        }

        private Builder append(long storedLength, long contentLength, int checksum) {
            if (storedLength < 1 || contentLength < 0 || contentLength > MAX_FRAME) {
                throw new IllegalArgumentException(
                        "no frame has " + storedLength + " bytes with " + contentLength + " of content");
            }
            if (count == MAX_FRAMES) {
                throw new IllegalStateException("a blob has " + MAX_FRAMES + " frames at most");
            }
            if (count + 1 == stored.length) {
                int length = (int) Math.min(2L * stored.length, MAX_FRAMES + 1L);
                stored = Arrays.copyOf(stored, length);
                content = Arrays.copyOf(content, length);
                sums = Arrays.copyOf(sums, checksums ? length : 0);
            }
            stored[count + 1] = stored[count] + storedLength;
            content[count + 1] = content[count] + contentLength;
            if (checksums) {
                sums[count] = checksum;
            }
            count++;
            return this;
        }

        /** Adds bytes that follow the last frame and belong to it, such as a skippable frame. */
        public Builder extendLast(long bytes) {
            if (count == 0) {
                throw new IllegalStateException("there is no frame yet");
            }
            stored[count] += bytes;
            return this;
        }

        /** Returns the number of frames. */
        public int frameCount() {
            return count;
        }

        /** Returns where the next frame is stored. */
        public long storedEnd() {
            return stored[count];
        }

        /** Returns the size of the content of all frames. */
        public long contentSize() {
            return content[count];
        }

        /** Returns the table. */
        public FrameTable build() {
            return new FrameTable(
                    Encoding.ZSTD,
                    Arrays.copyOf(stored, count + 1),
                    Arrays.copyOf(content, count + 1),
                    Arrays.copyOf(sums, checksums ? count : 0));
        }
    }
}
