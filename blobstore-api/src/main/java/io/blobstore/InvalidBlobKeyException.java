package io.blobstore;

/** This store cannot hold a blob of this key; the message says which rule the key breaks. */
public class InvalidBlobKeyException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one. Not retryable.
     *
     * @param rule the rule that the key breaks
     */
    public InvalidBlobKeyException(Operation operation, BlobKey key, String rule) {
        super(operation, key, "this store cannot hold such a key: " + rule, null, false);
    }
}
