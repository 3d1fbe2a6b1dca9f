package io.blobstore;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The file behind a source is no longer the one that was opened: it shrank, was written to, replaced or deleted. What
 * it holds now was not stored.
 */
public class SourceChangedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private SourceChangedException(Path path, String problem, @Nullable Throwable cause) {
        super(path, problem, cause);
    }

    /**
     * Makes one. Not retryable.
     *
     * @param difference what changed, in words
     */
    public static SourceChangedException of(Path path, String difference) {
        return new SourceChangedException(
                path,
                difference + " after it was opened; open it again, and keep others from changing it meanwhile",
                null);
    }

    /** Makes one for a file that can no longer be looked at. Not retryable. */
    public static SourceChangedException unreadable(Path path, IOException cause) {
        return new SourceChangedException(path, "it can no longer be looked at: " + cause.getMessage(), cause);
    }
}
