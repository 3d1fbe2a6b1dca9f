package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Signals that the store itself, which is a directory or bucket, does not exist, or no longer exists. */
public class StoreNotFoundException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. See {@link BlobStoreException} for the parameters. */
    public StoreNotFoundException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
