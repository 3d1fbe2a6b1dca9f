package io.blobstore;

import org.jspecify.annotations.Nullable;

/** What the caller made a condition does not hold: the blob has another version, or none. Nothing was changed. */
public class PreconditionFailedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one; the parameters are those of {@link BlobStoreException#BlobStoreException}. Not retryable. */
    public PreconditionFailedException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
