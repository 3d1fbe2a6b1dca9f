package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Signals that the caller has no permission, by the store or the operating system, for the operation. */
public class PermissionDeniedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. See {@link BlobStoreException} for the parameters. */
    public PermissionDeniedException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
