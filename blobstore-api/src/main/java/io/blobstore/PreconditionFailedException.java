package io.blobstore;

import org.jspecify.annotations.Nullable;

/**
 * Signals that a condition of the call does not hold: the blob has another version, or does not exist. Nothing was
 * changed.
 */
public class PreconditionFailedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. See {@link BlobStoreException} for the parameters. */
    public PreconditionFailedException(
            Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
