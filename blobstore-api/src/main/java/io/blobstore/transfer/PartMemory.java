package io.blobstore.transfer;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Memory of the shared pool of direct buffers for one part, which is read into it and sent from it. Used by one thread
 * after another.
 */
final class PartMemory implements BlobTarget.Writer {
    /** The memory of a part is divided, so that parts of all sizes reuse the same buffers. */
    private static final int PIECE = 4 << 20;

    private final List<PooledBuffer> pieces = new ArrayList<>();
    private final long size;

    private PartMemory(long size) {
        this.size = size;
    }

    /**
     * Takes memory, to be closed by the caller.
     *
     * @param size in bytes, 0 or more
     * @throws OutOfMemoryError if the JVM refuses the memory
     */
    static PartMemory take(long size) {
        PartMemory memory = new PartMemory(size);
        try {
            for (long missing = size; missing > 0; missing -= PIECE) {
                memory.pieces.add(DirectBufferPool.shared().take((int) Math.min(missing, PIECE)));
            }
            return memory;
        } catch (OutOfMemoryError e) {
            memory.close();
            throw e;
        }
    }

    @Override
    public BlobTarget.Window window(long offset, long length) {
        return BlobTarget.Window.of(buffers(offset, length));
    }

    /** Returns the content, valid until this is closed. */
    BlobSource content() {
        return BlobSource.of(buffers(0, size).toArray(ByteBuffer[]::new));
    }

    private List<ByteBuffer> buffers(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, size);
        List<ByteBuffer> buffers = new ArrayList<>();
        for (long at = offset;
                at < offset + length;
                at += buffers.get(buffers.size() - 1).remaining()) {
            ByteBuffer piece = pieces.get((int) (at / PIECE)).buffer();
            int start = (int) (at % PIECE);
            buffers.add(piece.slice(start, (int) Math.min(piece.limit() - start, offset + length - at)));
        }
        return buffers;
    }

    /** Does nothing: the content is read by {@link #content()}. */
    @Override
    public void commit(long length) {}

    /** Releases the memory. Idempotent. */
    @Override
    public void close() {
        pieces.forEach(PooledBuffer::close);
        pieces.clear();
    }
}
