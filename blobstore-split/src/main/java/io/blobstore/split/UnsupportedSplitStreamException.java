package io.blobstore.split;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;

/**
 * Signals that a split stream may be whole but cannot be read by this version: it has another version of the format,
 * another hash function than the repository, or exceeds a limit.
 */
public class UnsupportedSplitStreamException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception, which is not retryable.
     *
     * @param stream the name or id of the stream
     * @param problem the problem
     */
    public UnsupportedSplitStreamException(String stream, String problem) {
        super(Operation.READ, null, "the split stream " + stream + " cannot be read: " + problem, null, false);
    }
}
