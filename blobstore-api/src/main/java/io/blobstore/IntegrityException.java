package io.blobstore;

import org.jspecify.annotations.Nullable;

/**
 * Signals that content does not match its checksum: bytes were changed in transit or in the store. Content that was
 * read must not be used.
 */
public class IntegrityException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. See {@link BlobStoreException} for the parameters. */
    public IntegrityException(Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
