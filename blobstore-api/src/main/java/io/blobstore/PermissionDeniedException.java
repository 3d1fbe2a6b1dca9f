package io.blobstore;

import org.jspecify.annotations.Nullable;

/** The store, or the operating system, does not let this caller do that. */
public class PermissionDeniedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one; the parameters are those of {@link BlobStoreException#BlobStoreException}. Not retryable. */
    public PermissionDeniedException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
