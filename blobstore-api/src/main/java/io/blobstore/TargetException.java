package io.blobstore;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a {@link BlobTarget} cannot keep the content it received, for example because a disk is full. Stores
 * pass this exception on unchanged, and transfers fail with it instead of retrying. Not retryable.
 */
public class TargetException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception that is not retryable.
     *
     * @param target names the target, for example its path
     * @param problem a description of the failure
     * @param cause the operating system's exception, may be null
     */
    public TargetException(String target, String problem, @Nullable Throwable cause) {
        super(Operation.WRITE_TARGET, null, target + ": " + problem, cause, false);
    }

    /** Creates an exception for a file that cannot be written. */
    static TargetException of(Path path, IOException cause) {
        return new TargetException("file " + path, String.valueOf(cause.getMessage()), cause);
    }
}
