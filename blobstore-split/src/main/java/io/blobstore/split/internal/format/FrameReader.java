package io.blobstore.split.internal.format;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Decompresses a section: one or more zstd frames, among which there may be skippable ones. Needs a fixed amount of
 * memory: two buffers of {@value #BUFFER} bytes, and the window of zstd. Not thread-safe.
 */
final class FrameReader implements Closeable {
    static final int BUFFER = 128 * 1024;

    /** Windows of at most 8 MiB, the largest of zstd's levels up to 19; composefs-rs writes level 3, with 2 MiB. */
    private static final int MAX_WINDOW_LOG = 23;

    private final StreamChannel stream;
    private final Section section;
    private final String what;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx().setLongMax(MAX_WINDOW_LOG);
    private final PooledBuffer inputMemory = DirectBufferPool.shared().take(BUFFER);
    private final PooledBuffer outputMemory = DirectBufferPool.shared().take(BUFFER);
    private final ByteBuffer input = inputMemory.buffer().limit(0);
    private final ByteBuffer output = outputMemory.buffer().limit(0);
    /** The offset in the stream of the next compressed bytes to read. */
    private long position;

    private boolean insideFrame = true;

    /** @param what the content of the section, for messages of errors */
    FrameReader(StreamChannel stream, Section section, String what) {
        this.stream = stream;
        this.section = section;
        this.what = what;
        this.position = section.start();
    }

    /**
     * Returns the next decompressed bytes, 1 to {@value #BUFFER}, or those that were returned before and are not
     * consumed: whatever the caller reads of the buffer is consumed.
     *
     * @return a direct buffer, valid until the next call; without remaining bytes at the end of the section
     * @throws io.blobstore.split.SplitStreamException if the compressed data are damaged
     */
    ByteBuffer next() throws IOException {
        if (output.hasRemaining()) {
            return output;
        }
        output.clear();
        while (output.position() == 0) {
            if (!input.hasRemaining() && !readInput()) {
                if (insideFrame) {
                    throw stream.damaged("its section of " + what + " ends inside a zstd frame", null);
                }
                break;
            }
            decompress();
        }
        return output.flip();
    }

    private boolean readInput() throws IOException {
        long left = section.end() - position;
        if (left == 0) {
            return false;
        }
        input.clear().limit((int) Math.min(BUFFER, left));
        stream.readFully(input, position);
        position += input.flip().remaining();
        return true;
    }

    private void decompress() throws IOException {
        int before = input.position();
        try {
            insideFrame = !context.decompressDirectByteBufferStream(output, input);
        } catch (ZstdException e) {
            String problem = "its section of " + what + " cannot be decompressed: " + e.getMessage();
            throw Zstd.getErrorCode(e.getErrorCode()) == Zstd.errFrameParameterWindowTooLarge()
                    ? stream.unsupported(problem)
                    : stream.damaged(problem, e);
        }
        if (input.position() == before && output.position() == 0) {
            throw stream.damaged("its section of " + what + " cannot be decompressed", null);
        }
    }

    @Override
    public void close() {
        context.close();
        inputMemory.close();
        outputMemory.close();
    }
}
