package io.blobstore.cache.pieces;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Receives the content of adjacent pieces into their files, through one direct buffer that never spans two of them. Not
 * thread-safe.
 */
final class RunWindow implements BlobTarget.Window {
    /** Small enough that content is written while it is in a core's own cache; as for downloads into files. */
    private static final int BUFFER = 256 << 10;

    private final List<PieceFile> pieces;
    private final PooledBuffer memory = DirectBufferPool.shared().take(BUFFER);
    private final ByteBuffer buffer = memory.buffer();
    /** The piece that the buffer is for. */
    private int current;

    private long unwritten;

    RunWindow(List<PieceFile> pieces) {
        this.pieces = pieces;
        this.unwritten = pieces.stream().mapToLong(PieceFile::missing).sum();
        advance();
    }

    private void advance() {
        while (current < pieces.size() && pieces.get(current).missing() == 0) {
            current++;
        }
        int room =
                current < pieces.size() ? Math.min(BUFFER, pieces.get(current).missing()) : 0;
        buffer.clear().limit(room);
    }

    @Override
    public long remaining() {
        return unwritten - buffer.position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        memory.buffer(); // fails once the window is closed
        if (!buffer.hasRemaining()) {
            flush();
        }
        return buffer;
    }

    @Override
    public void flush() throws TargetException {
        ByteBuffer filled = memory.buffer().flip();
        int bytes = filled.remaining();
        if (bytes > 0) {
            PieceFile piece = pieces.get(current);
            try {
                piece.write(filled);
            } catch (IOException e) {
                throw new NotCachedException(piece.path(), e);
            }
            unwritten -= bytes;
        }
        advance();
    }

    @Override
    public void close() {
        memory.close();
    }

    /** A piece could not be written; the store's content may be fine. */
    static final class NotCachedException extends TargetException {
        private static final long serialVersionUID = 1;

        NotCachedException(Path path, IOException cause) {
            super("file " + path, String.valueOf(cause.getMessage()), cause);
        }
    }
}
