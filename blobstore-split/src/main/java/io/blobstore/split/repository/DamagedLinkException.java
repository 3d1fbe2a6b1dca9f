package io.blobstore.split.repository;

import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import org.jspecify.annotations.Nullable;

/** Signals that a name in a repository is no link, or leads to nothing that a repository can hold there. */
public class DamagedLinkException extends IntegrityException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception, which is not retryable.
     *
     * @param name the path of the link, as in {@code streams/NAME}
     * @param problem the problem
     * @param cause may be null
     */
    public DamagedLinkException(String name, String problem, @Nullable Throwable cause) {
        super(Operation.READ, null, name + " " + problem, cause);
    }
}
