package io.blobstore;

import org.jspecify.annotations.Nullable;

/** Content and checksum disagree: bytes were changed on the way, or in the store. Whatever was read is invalid. */
public class IntegrityException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one; the parameters are those of {@link BlobStoreException#BlobStoreException}. Not retryable. */
    public IntegrityException(Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
