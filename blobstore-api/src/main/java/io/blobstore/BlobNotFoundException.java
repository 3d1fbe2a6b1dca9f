package io.blobstore;

import org.jspecify.annotations.Nullable;

/** There is no blob of this key. */
public class BlobNotFoundException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one. Not retryable. */
    public BlobNotFoundException(Operation operation, BlobKey key, @Nullable Throwable cause) {
        super(operation, key, "there is no such blob", cause, false);
    }
}
