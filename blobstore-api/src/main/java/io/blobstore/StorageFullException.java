package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Signals that the store has no space left, on its disk or in its quota. Nothing of the blob is visible. */
public class StorageFullException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. See {@link BlobStoreException} for the parameters. */
    public StorageFullException(Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
