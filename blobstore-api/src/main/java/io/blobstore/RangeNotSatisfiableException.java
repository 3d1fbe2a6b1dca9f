package io.blobstore;

/** A range reaches beyond the blob, or the blob beyond the target. */
public class RangeNotSatisfiableException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Makes one. Not retryable. */
    public RangeNotSatisfiableException(BlobKey key, String problem) {
        super(Operation.READ, key, problem, null, false);
    }
}
