package io.blobstore.cache.pieces;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** Pieces of large blobs, fetched when they are read and kept in sparse files. Thread-safe. */
public final class PieceCache implements Closeable {
    private PieceCache() {}

    /**
     * Opens the pieces of a directory.
     *
     * @param directory the directory, created if it is missing
     * @param pieceSize the size of a piece in bytes
     * @param maxBytes the most bytes on the disk
     */
    public static PieceCache open(Path directory, int pieceSize, long maxBytes) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads a range of one version of a blob, from pieces that are there, and from the store where they are not.
     *
     * @param store identifies the store together with its description
     * @param blob the version
     */
    public ReadResult read(BlobStore store, BlobMetadata blob, ByteRange range, BlobTarget.Window target)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() throws IOException {
        throw new UnsupportedOperationException();
    }
}
