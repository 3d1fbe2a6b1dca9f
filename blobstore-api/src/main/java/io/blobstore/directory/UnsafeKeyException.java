package io.blobstore.directory;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;

/**
 * Signals that a blob was not downloaded into a directory because its key names no file of its own there: the key would
 * lead out of the directory, through a symbolic link, or to the file of another key. Not retryable.
 */
public class UnsafeKeyException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param problem what is wrong with the key, and the remedy
     */
    public UnsafeKeyException(BlobKey key, String problem) {
        super(Operation.WRITE_TARGET, key, problem, null, false);
    }
}
