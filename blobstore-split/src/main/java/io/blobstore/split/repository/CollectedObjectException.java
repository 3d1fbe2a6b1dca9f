package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.split.ObjectId;

/**
 * Signals that a garbage collection has deleted an object that a writer was about to keep, because nothing referred to
 * it before. Nothing was linked. Not retryable: the content has to be split again.
 */
public class CollectedObjectException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectId id;

    /** Creates an exception. */
    public CollectedObjectException(ObjectId id) {
        super(
                Operation.STORE,
                null,
                "a garbage collection has deleted the object " + id
                        + ", to which no ref led, before it could be kept; split the content again",
                null,
                false);
        this.id = id;
    }

    /** Returns the id of the object. */
    public ObjectId id() {
        return id;
    }
}
