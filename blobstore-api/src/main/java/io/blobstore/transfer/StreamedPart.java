package io.blobstore.transfer;

import io.blobstore.BlobSource;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The content of a part, collected in direct buffers of the shared pool, which are taken as it grows. Used by one
 * thread after another.
 */
final class StreamedPart implements Closeable {
    private static final int SMALLEST_PIECE = 64 << 10;
    private static final int LARGEST_PIECE = 4 << 20;

    private final int number;
    private final long capacity;
    private final List<PooledBuffer> pieces = new ArrayList<>();
    private long size;
    /** How much progress it is when this part is stored. */
    private long weight;

    /**
     * Creates an empty part.
     *
     * @param capacity the most bytes
     */
    StreamedPart(int number, long capacity) {
        this.number = number;
        this.capacity = capacity;
    }

    int number() {
        return number;
    }

    long size() {
        return size;
    }

    boolean isFull() {
        return size == capacity;
    }

    /** Appends bytes from the buffer's position on, which advances, until the part is full or the buffer empty. */
    void append(ByteBuffer from) {
        while (from.hasRemaining() && !isFull()) {
            ByteBuffer piece = piece();
            int length = (int) Math.min(Math.min(piece.remaining(), from.remaining()), capacity - size);
            piece.put(from.slice(from.position(), length));
            from.position(from.position() + length);
            size += length;
        }
    }

    /** Returns a piece with room: as much memory again as there is, so that small content takes little. */
    private ByteBuffer piece() {
        if (!pieces.isEmpty() && pieces.get(pieces.size() - 1).buffer().hasRemaining()) {
            return pieces.get(pieces.size() - 1).buffer();
        }
        long wanted = Math.min(Math.max(size, SMALLEST_PIECE), LARGEST_PIECE);
        PooledBuffer piece = DirectBufferPool.shared().take((int) Math.min(wanted, capacity - size));
        pieces.add(piece);
        return piece.buffer();
    }

    /** Replaces the first bytes by the remaining ones of a buffer, which are not more than this part's. */
    void replaceStart(ByteBuffer start) {
        ByteBuffer from = start.duplicate();
        for (PooledBuffer piece : pieces) {
            ByteBuffer to = piece.buffer().duplicate().flip();
            int length = Math.min(to.remaining(), from.remaining());
            to.put(from.slice(from.position(), length));
            from.position(from.position() + length);
        }
    }

    /** Returns the content, valid until this is closed. */
    BlobSource content() {
        return BlobSource.of(
                pieces.stream().map(piece -> piece.buffer().duplicate().flip()).toArray(ByteBuffer[]::new));
    }

    long weight() {
        return weight;
    }

    void weight(long units) {
        weight = units;
    }

    /** Releases the memory. Idempotent. */
    @Override
    public void close() {
        pieces.forEach(PooledBuffer::close);
        pieces.clear();
    }
}
