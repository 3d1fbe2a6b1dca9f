package io.blobstore;

import org.jspecify.annotations.Nullable;

/** There is no room: disk or quota is used up. Nothing of the blob is visible. */
public class StorageFullException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one; the parameters are those of {@link BlobStoreException#BlobStoreException}. Not retryable. */
    public StorageFullException(Operation operation, @Nullable BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
    }
}
