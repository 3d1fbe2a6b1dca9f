package io.blobstore.split.repository;

import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.split.ObjectId;

/** Signals that the content of an object is not what its id says. It must not be used. */
public class DamagedObjectException extends IntegrityException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectId id;

    /**
     * Creates an exception, which is not retryable.
     *
     * @param id the id of the object
     * @param problem what is different
     */
    public DamagedObjectException(ObjectId id, String problem) {
        super(
                Operation.READ,
                null,
                "the object " + id + " is damaged: " + problem
                        + "; heal the repository from another one, or split the content again with healing",
                null);
        this.id = id;
    }

    /** Returns the id of the object. */
    public ObjectId id() {
        return id;
    }
}
