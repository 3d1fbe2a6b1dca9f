package io.blobstore.zstd.internal;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Encodes content as one frame, with the size of the content and usually a checksum. Holds native memory until it is
 * closed. Not thread-safe: each thread has its own.
 */
public final class FrameEncoder implements Closeable {
    /** The level at which nothing is compressed: frames of raw blocks, at the cost of a copy and a checksum. */
    public static final int STORED = Integer.MIN_VALUE;

    // See RFC 8878, 3.1.1.
    private static final int MAGIC = 0xFD2FB528;
    /** A single segment, with a content size of 4 bytes. */
    private static final int DESCRIPTOR = 0b1010_0000;

    private static final int HAS_CHECKSUM = 0b100;

    private static final int MAX_BLOCK = 128 << 10;

    /** Null if nothing is compressed. */
    private final @Nullable ZstdCompressCtx context;

    private final boolean checksum;

    /**
     * Creates an encoder of frames with a checksum.
     *
     * @param level the compression level of zstd, or {@link #STORED}
     */
    public FrameEncoder(int level) {
        this(level, true);
    }

    /**
     * Creates an encoder.
     *
     * @param level the compression level of zstd, or {@link #STORED}
     * @param checksum whether each frame has a checksum
     */
    public FrameEncoder(int level, boolean checksum) {
        requireLevel(level);
        this.checksum = checksum;
        context = level == STORED
                ? null
                : new ZstdCompressCtx().setLevel(level).setChecksum(checksum).setContentSize(true);
    }

    /**
     * Checks a compression level.
     *
     * @throws IllegalArgumentException if zstd does not have it
     */
    public static int requireLevel(int level) {
        if (level != STORED && (level < Zstd.minCompressionLevel() || level > Zstd.maxCompressionLevel())) {
            throw new IllegalArgumentException("compression levels are " + Zstd.minCompressionLevel() + " to "
                    + Zstd.maxCompressionLevel() + "; got " + level);
        }
        return level;
    }

    /** Returns the most bytes that a frame can have. */
    public static int bound(int contentLength) {
        return (int) Zstd.compressBound(contentLength);
    }

    /**
     * Encodes a frame.
     *
     * @param content a direct buffer whose remaining bytes are the content; its position and limit are unchanged
     * @param target a direct buffer with room for {@link #bound} bytes, which receives the frame from its position on;
     *     the position advances
     */
    public void encode(ByteBuffer content, ByteBuffer target) throws IOException {
        if (context == null) {
            store(content, target);
            return;
        }
        try {
            int length = context.compressDirectByteBuffer(
                    target, target.position(), target.remaining(), content, content.position(), content.remaining());
            target.position(target.position() + length);
        } catch (ZstdException e) {
            throw new IOException("a frame could not be compressed: " + e.getMessage(), e);
        }
    }

    private void store(ByteBuffer content, ByteBuffer target) {
        int length = content.remaining();
        ByteBuffer frame = target.slice().order(ByteOrder.LITTLE_ENDIAN);
        frame.putInt(MAGIC)
                .put((byte) (DESCRIPTOR | (checksum ? HAS_CHECKSUM : 0)))
                .putInt(length);
        int at = 0;
        do {
            int block = Math.min(MAX_BLOCK, length - at);
            int header = (block << 3) | (at + block == length ? 1 : 0); // type 0: raw
            frame.put((byte) header).put((byte) (header >> 8)).put((byte) (header >> 16));
            frame.put(content.slice(content.position() + at, block));
            at += block;
        } while (at < length);
        if (checksum) {
            frame.putInt((int) XxHash64.of(content));
        }
        target.position(target.position() + frame.position());
    }

    @Override
    public void close() {
        if (context != null) {
            context.close();
        }
    }
}
