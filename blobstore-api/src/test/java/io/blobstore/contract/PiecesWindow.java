package io.blobstore.contract;

import io.blobstore.BlobTarget;
import io.blobstore.TargetException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** A window that takes what arrives in small pieces, each through memory of its own, and can fail. */
public final class PiecesWindow implements BlobTarget.Window {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final int pieceSize;
    private long left; // of which the piece is the next
    private ByteBuffer piece = ByteBuffer.allocate(0);
    private int failsAt = Integer.MAX_VALUE;
    private TargetException failure = new TargetException("the window", "to be set", null);

    /** A window for so many bytes, in pieces of a size that need not divide it. */
    public PiecesWindow(long length, int pieceSize) {
        this.left = length;
        this.pieceSize = pieceSize;
    }

    /** Fails when so many bytes have arrived, or a few more, and others are to come. */
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
            // Every other one is direct, and has room on both sides that is not to be touched.
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

    /** What was put. */
    public byte[] bytes() {
        flush();
        return kept.toByteArray();
    }
}
