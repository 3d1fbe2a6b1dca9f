package io.blobstore.transfer;

import io.blobstore.StoredBlob;
import java.io.Closeable;
import java.io.IOException;

/**
 * Makes the content of a blob while it is uploaded, such as an archive or a compressed form of other content; see
 * {@link TransferManager#upload(io.blobstore.BlobStore, io.blobstore.BlobKey, ContentGenerator, UploadOptions)}. Each
 * generator is used for one upload.
 *
 * @param <R> the result of the upload
 */
public interface ContentGenerator<R> extends Closeable {
    /**
     * Returns the most bytes that are written. From this the size of the parts is planned, of which a store accepts a
     * limited number. With {@link TransferProgress#UNKNOWN}, parts grow from the preferred size where necessary.
     */
    default long maxSize() {
        return TransferProgress.UNKNOWN;
    }

    /**
     * Returns the total that {@link BlobWriter#progress} counts up to; {@link TransferProgress#UNKNOWN} if progress is
     * the number of bytes that were stored, whose total is not known.
     */
    default long progressTotal() {
        return TransferProgress.UNKNOWN;
    }

    /**
     * Writes the content. Called once, by a thread of the transfer. If it returns, the blob is completed; if it throws,
     * the upload fails with that, and nothing becomes visible. Interrupted if the transfer is cancelled or fails.
     *
     * @param writer receives the content; valid until this returns. Its methods throw if the transfer was stopped
     */
    void generate(BlobWriter writer) throws IOException;

    /** Returns the result of the upload. Called once, when the blob is visible. */
    R result(StoredBlob stored);

    /**
     * Releases what the generator holds, such as the memory of a source. Called once, whatever the outcome, when no
     * thread of the transfer uses the generator any more, and before the transfer completes.
     */
    @Override
    default void close() throws IOException {}
}
