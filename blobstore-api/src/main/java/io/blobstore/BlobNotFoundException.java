package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Signals that the key has no blob. */
public class BlobNotFoundException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. */
    public BlobNotFoundException(Operation operation, BlobKey key, @Nullable Throwable cause) {
        super(operation, key, "there is no such blob", cause, false);
    }
}
