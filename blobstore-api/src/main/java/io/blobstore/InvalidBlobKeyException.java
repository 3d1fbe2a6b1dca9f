package io.blobstore;

/** Signals that the store cannot hold a blob with this key. The message names the rule that the key breaks. */
public class InvalidBlobKeyException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception that is not retryable.
     *
     * @param rule the rule that the key breaks
     */
    public InvalidBlobKeyException(Operation operation, BlobKey key, String rule) {
        super(operation, key, "this store cannot hold such a key: " + rule, null, false);
    }
}
