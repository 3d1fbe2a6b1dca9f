package io.blobstore.split.internal.format;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * Compresses a section as one zstd frame. The frame has neither a checksum nor, unless it is empty, a content size, as
 * composefs-rs writes it: with the same version of zstd, equal sections become equal bytes, and equal streams have
 * equal ids.
 *
 * <p>Not thread-safe.
 */
final class FrameWriter implements Closeable {
    private static final int LEVEL = 3;

    /** The compressed bytes that are kept in memory, per section. */
    static final int MAX_MEMORY = 4 << 20;

    private static final int BUFFER = 128 * 1024;

    /**
     * What is smaller is gathered, as a call of native code costs more than copying it: the heads of chunks above all.
     */
    private static final int LARGE = 16 * 1024;

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(LEVEL);
    private final PooledBuffer outputMemory = DirectBufferPool.shared().take(BUFFER);
    private final PooledBuffer gatheredMemory = DirectBufferPool.shared().take(BUFFER);
    private final SpillBuffer compressed;
    private boolean ended;
    private boolean closed;

    FrameWriter(Path directory) {
        this.compressed = new SpillBuffer(MAX_MEMORY, directory);
    }

    /** Adds a buffer's remaining bytes; the buffer's position is its limit after that. */
    void write(ByteBuffer content) throws IOException {
        ByteBuffer gathered = gatheredMemory.buffer();
        if (content.isDirect() && content.remaining() >= LARGE) {
            compressGathered();
            compress(content);
            return;
        }
        while (content.hasRemaining()) {
            int bytes = Math.min(content.remaining(), gathered.remaining());
            gathered.put(content.slice(content.position(), bytes));
            content.position(content.position() + bytes);
            if (!gathered.hasRemaining()) {
                compressGathered();
            }
        }
    }

    private void compressGathered() throws IOException {
        ByteBuffer gathered = gatheredMemory.buffer();
        compress(gathered.flip());
        gathered.clear();
    }

    private void compress(ByteBuffer content) throws IOException {
        ByteBuffer output = outputMemory.buffer();
        while (content.hasRemaining()) {
            context.compressDirectByteBufferStream(output.clear(), content, EndDirective.CONTINUE);
            compressed.add(output.flip());
        }
    }

    /** Ends the frame, and returns it. It is valid until this writer is closed. */
    BlobSource end() throws IOException {
        if (!ended) {
            ended = true;
            compressGathered();
            ByteBuffer output = outputMemory.buffer();
            for (boolean complete = false; !complete; ) {
                complete =
                        context.compressDirectByteBufferStream(output.clear(), NOTHING.duplicate(), EndDirective.END);
                compressed.add(output.flip());
            }
        }
        return compressed.content();
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            context.close();
            outputMemory.close();
            gatheredMemory.close();
            compressed.close();
        }
    }
}
