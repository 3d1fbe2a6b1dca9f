package io.blobstore;

import org.jspecify.annotations.Nullable;

/** {@link Precondition#ifAbsent()} does not hold: the key has a blob already. Nothing was changed. */
public class BlobAlreadyExistsException extends PreconditionFailedException {
    private static final long serialVersionUID = 1L;

    /** Makes one. Not retryable. */
    public BlobAlreadyExistsException(Operation operation, BlobKey key, @Nullable Throwable cause) {
        super(operation, key, "a blob of this key exists already", cause);
    }
}
