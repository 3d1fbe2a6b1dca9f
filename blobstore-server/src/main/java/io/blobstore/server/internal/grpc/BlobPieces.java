package io.blobstore.server.internal.grpc;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** What a download sends, piece by piece. Not thread-safe. */
interface BlobPieces extends Closeable {
    /** A piece has at most this many bytes of content, or a little more if it is compressed: clients accept 4 MiB. */
    int SIZE = 1 << 20;

    /** Returns the next piece, to be sent or discarded; empty at the end. */
    Optional<Piece> next() throws IOException;

    @Override
    void close();
}
