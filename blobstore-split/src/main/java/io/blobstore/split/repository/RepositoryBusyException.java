package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;

/** Signals that a repository is in use: by a garbage collection, or by writers. Retryable. */
public class RepositoryBusyException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that says who uses the repository, and how long was waited. */
    public RepositoryBusyException(String problem) {
        super(Operation.OPEN, null, problem, null, true);
    }
}
