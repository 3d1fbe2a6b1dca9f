package io.blobstore.zstd.internal;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * Decodes the frames of a table. Holds native memory until it is closed. Not thread-safe: each thread has its own.
 *
 * <p>What a frame decodes to is checked by its own checksum and that of the table, as far as they are there, and by the
 * length that the table gives.
 */
public final class FrameDecoder implements Closeable {
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();

    /** Creates a decoder. */
    public FrameDecoder() {}

    /**
     * Decodes a frame.
     *
     * @param stored a direct buffer whose remaining bytes are the stored frame; its position and limit are unchanged
     * @param target a direct buffer, which receives the frame's content from its position on. The position is
     *     unchanged; if the frame is damaged, what follows it is undefined
     * @throws FrameFormatException if the frame is damaged, or holds more or less than the table says
     */
    public void decode(FrameTable table, int frame, ByteBuffer stored, ByteBuffer target) throws FrameFormatException {
        int length = (int) table.contentLength(frame);
        int decoded;
        try {
            decoded = context.decompressDirectByteBuffer(
                    target, target.position(), length, stored, stored.position(), stored.remaining());
        } catch (ZstdException e) {
            throw new FrameFormatException("frame " + frame + " is damaged: " + e.getMessage());
        }
        if (decoded != length) {
            throw new FrameFormatException("frame " + frame + " holds " + decoded + " bytes instead of " + length);
        }
        if (table.hasChecksums()
                && (int) XxHash64.of(target.slice(target.position(), length)) != table.checksum(frame)) {
            throw new FrameFormatException("the content of frame " + frame + " differs from its checksum in the table");
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
