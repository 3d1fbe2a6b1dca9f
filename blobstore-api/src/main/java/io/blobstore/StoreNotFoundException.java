package io.blobstore;

import org.jspecify.annotations.Nullable;

/** The store itself, its directory or bucket, does not exist, or no longer. */
public class StoreNotFoundException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one; the parameters are those of {@link BlobStoreException#BlobStoreException}. Not retryable. */
    public StoreNotFoundException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
