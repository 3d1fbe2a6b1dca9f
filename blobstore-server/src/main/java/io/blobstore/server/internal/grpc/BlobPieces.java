package io.blobstore.server.internal.grpc;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/** What a download sends, piece by piece: about 1 MiB at most, as clients accept messages of 4 MiB. Not thread-safe. */
interface BlobPieces extends Closeable {
    /** Returns the next piece, to be sent or discarded; empty at the end. */
    Optional<Piece> next() throws IOException;
}
