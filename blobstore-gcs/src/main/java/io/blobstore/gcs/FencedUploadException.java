package io.blobstore.gcs;

import io.blobstore.BlobStoreException;

/**
 * Signals that an {@link AppendableUpload} is no longer the writer of its object: another one has taken the object over
 * by {@link GcsBlobStore#resumeAppendableUpload}, or has finalized it. Not retryable. What this upload had flushed is
 * in the object.
 */
public final class FencedUploadException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    FencedUploadException(BlobStoreException cause, String problem) {
        super(cause.operation(), cause.key().orElse(null), problem, cause, false);
    }
}
