package io.blobstore.server.internal.grpc;

import io.blobstore.ByteRange;
import io.blobstore.cas.CachedContent;
import java.io.IOException;
import java.util.Optional;

/** A range of content as it is. Pieces end at multiples of their size, as frames do: each frame is decoded once. */
final class PlainPieces implements BlobPieces {
    private final CachedContent content;
    private final long end;
    private long position;

    PlainPieces(CachedContent content, long from, long to) {
        this.content = content;
        this.position = from;
        this.end = to;
    }

    @Override
    public Optional<Piece> next() throws IOException {
        if (position >= end) {
            return Optional.empty();
        }
        int length = (int) Math.min(SIZE - position % SIZE, end - position);
        Piece piece = Piece.allocate(length);
        boolean complete = false;
        try {
            content.read(ByteRange.of(position, length), piece.buffer());
            piece.buffer().flip();
            position += length;
            complete = true;
            return Optional.of(piece);
        } finally {
            if (!complete) {
                piece.discard();
            }
        }
    }

    @Override
    public void close() {}
}
