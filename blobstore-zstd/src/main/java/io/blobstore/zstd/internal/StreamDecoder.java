package io.blobstore.zstd.internal;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Decodes zstd frames that arrive in pieces of any size, from anyone: memory is bounded, whatever the frames say. Holds
 * native and direct memory until it is closed. Not thread-safe.
 */
public final class StreamDecoder implements Closeable {
    /** The largest window of a frame: 8 MiB, which RFC 8878 recommends that decoders support. */
    public static final int MAX_WINDOW_LOG = 23;

    /** Zstd hands out content in blocks of this size, at most. */
    private static final int BLOCK = 128 << 10;

    /** Receives content. */
    public interface Sink {
        /** Takes a direct buffer's remaining bytes, whose memory is reused after that. */
        void accept(ByteBuffer content) throws IOException;
    }

    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final PooledBuffer decoded = DirectBufferPool.shared().take(BLOCK);
    private boolean frameEnded;

    /** Creates a decoder. */
    public StreamDecoder() {
        context.setLongMax(MAX_WINDOW_LOG);
    }

    /**
     * Decodes a buffer's remaining bytes, and advances its position.
     *
     * @param sink receives the content, in pieces; what it throws ends the decoding
     * @throws FrameFormatException if they are not frames, are damaged, or need a window of more than 8 MiB
     */
    public void decode(ByteBuffer stored, Sink sink) throws IOException {
        if (stored.isDirect()) {
            decodeDirect(stored, sink);
            return;
        }
        try (PooledBuffer scratch = DirectBufferPool.shared().take(Math.min(BLOCK, stored.remaining()))) {
            while (stored.hasRemaining()) {
                ByteBuffer piece = scratch.buffer().clear();
                int bytes = Math.min(piece.remaining(), stored.remaining());
                piece.put(stored.slice(stored.position(), bytes));
                stored.position(stored.position() + bytes);
                decodeDirect(piece.flip(), sink);
            }
        }
    }

    private void decodeDirect(ByteBuffer stored, Sink sink) throws IOException {
        boolean more = stored.hasRemaining();
        while (more) {
            ByteBuffer content = decoded.buffer().clear();
            try {
                frameEnded = context.decompressDirectByteBufferStream(content, stored);
            } catch (ZstdException e) {
                throw new FrameFormatException("the zstd frames are damaged, or need a window of more than "
                        + (1 << (MAX_WINDOW_LOG - 20)) + " MiB: " + e.getMessage());
            }
            // A full buffer may leave content behind in the decoder, though all of the input was taken.
            more = stored.hasRemaining() || (!content.hasRemaining() && !frameEnded);
            if (content.flip().hasRemaining()) {
                sink.accept(content);
            }
        }
    }

    /** Returns whether the bytes so far are whole frames, at least one. */
    public boolean isComplete() {
        return frameEnded;
    }

    @Override
    public void close() {
        context.close();
        decoded.close();
    }
}
