package io.blobstore;

/**
 * Signals that a range extends beyond the end of the blob, or that the target is too small for the bytes of the range.
 */
public class RangeNotSatisfiableException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception that is not retryable. */
    public RangeNotSatisfiableException(BlobKey key, String problem) {
        super(Operation.READ, key, problem, null, false);
    }
}
