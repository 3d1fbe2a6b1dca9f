package io.blobstore.cache.pieces;

/**
 * How content is divided into pieces: all of one size, except for the last. Immutable.
 *
 * @param size the size of the content in bytes, 0 or more
 * @param pieceSize the size of a piece in bytes, a power of two
 */
public record PieceLayout(long size, int pieceSize) {
    /** The smallest piece, in bytes. */
    public static final int MIN_PIECE_SIZE = 64 << 10;

    /** The largest piece, in bytes. */
    public static final int MAX_PIECE_SIZE = 64 << 20;

    /**
     * Creates a layout.
     *
     * @throws IllegalArgumentException if the size of a piece is outside its limits, or the content's is negative
     */
    public PieceLayout {
        requirePieceSize(pieceSize);
        if (size < 0) {
            throw new IllegalArgumentException("content has 0 bytes or more; got " + size);
        }
    }

    /**
     * Checks the size of a piece.
     *
     * @throws IllegalArgumentException if it is not a power of two from 64 KiB to 64 MiB
     */
    public static void requirePieceSize(int pieceSize) {
        if (pieceSize < MIN_PIECE_SIZE || pieceSize > MAX_PIECE_SIZE || Integer.bitCount(pieceSize) != 1) {
            throw new IllegalArgumentException("the size of a piece must be a power of two from " + MIN_PIECE_SIZE
                    + " to " + MAX_PIECE_SIZE + " bytes; got " + pieceSize);
        }
    }

    /** Returns the number of pieces. */
    public long count() {
        return size / pieceSize + (size % pieceSize == 0 ? 0 : 1);
    }

    /** Returns the number of the piece, from 0, that holds a byte. */
    public long pieceAt(long offset) {
        return offset / pieceSize;
    }

    /** Returns the offset of a piece's first byte. */
    public long offset(long piece) {
        return piece * pieceSize;
    }

    /** Returns the number of bytes of a piece. */
    public int length(long piece) {
        return (int) Math.min(pieceSize, size - offset(piece));
    }

    /** Returns the offset behind a piece's last byte. */
    public long end(long piece) {
        return offset(piece) + length(piece);
    }
}
