package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;

/** Signals that a blob is in none of the formats of {@link FrameFormat}; it can be read as it is from its store. */
public class NotCompressedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. */
    public NotCompressedException(BlobKey key) {
        super(
                Operation.READ,
                key,
                "it is neither a casblob nor in the Zstandard seekable format; read it as it is, without decompression",
                null,
                false);
    }
}
