package io.blobstore.server.internal.grpc;

import io.blobstore.server.internal.ContentRead;
import io.blobstore.server.internal.ReadMemory.Chunk;
import java.io.IOException;
import java.util.Optional;

/** Bytes as they are read. */
final class PlainPieces implements Messages<Piece> {
    private final ContentRead read;

    PlainPieces(ContentRead read) {
        this.read = read;
    }

    @Override
    public Optional<Piece> next(int maxBytes) throws IOException {
        if (read.remaining() == 0) {
            return Optional.empty();
        }
        Chunk chunk = read.next(maxBytes);
        return Optional.of(new Piece(chunk.buffer(), chunk::close));
    }

    @Override
    public void discard(Piece piece) {
        piece.discard();
    }

    @Override
    public void close() throws IOException {
        read.close();
    }
}
