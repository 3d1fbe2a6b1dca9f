package io.blobstore.gcs.grpc;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a writer is no longer the one of its object: another writer has taken the object over, or the object was
 * finalized. Not retryable: what this writer had flushed is in the object, and the other writer decides about the rest.
 */
public final class FencedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final String problem;

    FencedException(Operation operation, BlobKey key, String problem, @Nullable Throwable cause) {
        super(operation, key, problem, cause, false);
        this.problem = problem;
    }

    /** Returns the problem, without the operation and the key, which precede it in the message. */
    public String problem() {
        return problem;
    }
}
