package io.blobstore.split;

import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import org.jspecify.annotations.Nullable;

/**
 * Signals that a split stream is damaged: its sections do not lie inside it, its compressed data are damaged, or it
 * merges to another size than it says. Content that was merged from it must not be used.
 */
public class SplitStreamException extends IntegrityException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception, which is not retryable.
     *
     * @param stream the name or id of the stream
     * @param problem the problem
     */
    public SplitStreamException(String stream, String problem, @Nullable Throwable cause) {
        super(Operation.READ, null, "the split stream " + stream + " is damaged: " + problem, cause);
    }
}
