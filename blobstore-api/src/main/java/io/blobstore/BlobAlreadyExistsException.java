package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Signals that {@link Precondition#ifAbsent()} does not hold, as the key has a blob already. Nothing was changed. */
public class BlobAlreadyExistsException extends PreconditionFailedException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. */
    public BlobAlreadyExistsException(Operation operation, BlobKey key, @Nullable Throwable cause) {
        super(operation, key, "a blob with this key exists already", cause);
    }
}
