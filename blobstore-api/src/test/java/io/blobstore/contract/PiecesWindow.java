package io.blobstore.contract;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** A window that receives content in small pieces, each in its own memory, and can fail. */
public final class PiecesWindow implements BlobTarget.Window {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final int pieceSize;
    private long left; // including the current piece
    private ByteBuffer piece = ByteBuffer.allocate(0);
    private int failsAt = Integer.MAX_VALUE;
    private TargetException failure = new TargetException("the window", "to be set", null);

    /** Creates a window of {@code length} bytes, in pieces of a size that need not divide it. */
    public PiecesWindow(long length, int pieceSize) {
        this.left = length;
        this.pieceSize = pieceSize;
    }

    /** Makes the window fail as soon as at least this many bytes have arrived and more are expected. */
    public PiecesWindow failingAt(int bytes, TargetException problem) {
        failsAt = bytes;
        failure = problem;
        return this;
    }

    @Override
    public long remaining() {
        return left - piece.position();
    }

    @Override
    public ByteBuffer buffer() throws TargetException {
        if (!piece.hasRemaining()) {
            flush();
            if (kept.size() >= failsAt) {
                throw failure;
            }
            int size = (int) Math.min(pieceSize, left);
            // Every other piece is direct. Each has a byte on both sides that must not be touched.
            ByteBuffer memory = kept.size() / pieceSize % 2 == 0
                    ? ByteBuffer.allocate(size + 2)
                    : ByteBuffer.allocateDirect(size + 2);
            piece = memory.position(1).limit(1 + size).slice();
        }
        return piece;
    }

    @Override
    public void flush() {
        byte[] bytes = new byte[piece.position()];
        piece.flip().get(bytes);
        kept.writeBytes(bytes);
        left -= bytes.length;
        piece = ByteBuffer.allocate(0);
    }

    /** Returns the bytes that were put. */
    public byte[] bytes() {
        flush();
        return kept.toByteArray();
    }
}
