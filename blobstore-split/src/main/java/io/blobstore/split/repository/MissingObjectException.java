package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.split.ObjectId;
import org.jspecify.annotations.Nullable;

/** Signals that a repository lacks an object that something refers to. Not retryable. */
public class MissingObjectException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final transient ObjectId id;

    /** Creates an exception; the cause may be null. */
    public MissingObjectException(ObjectId id, @Nullable Throwable cause) {
        super(
                Operation.READ,
                null,
                "the object " + id + " is missing; heal the repository from another one that has it",
                cause,
                false);
        this.id = id;
    }

    /** Returns the id of the object. */
    public ObjectId id() {
        return id;
    }
}
