package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;

/** Signals that a repository has no stream, or no ref, with a given name. Not retryable. */
public class UnknownStreamException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception with the name that was asked for. */
    public UnknownStreamException(String name) {
        super(Operation.READ, null, "the repository has no stream '" + name + "'", null, false);
    }
}
