package io.blobstore;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Signals that the file behind a source is no longer the one that was opened: it shrank, or was written to, replaced or
 * deleted; or that it contains fewer bytes than its size. Nothing of it was stored.
 */
public class SourceChangedException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private SourceChangedException(Path path, String problem, @Nullable Throwable cause) {
        super(path, problem, cause);
    }

    /**
     * Returns an exception that is not retryable.
     *
     * @param difference a description of the change, such as "it shrank"
     */
    public static SourceChangedException of(Path path, String difference) {
        return new SourceChangedException(
                path,
                difference + " after it was opened; open it again, and keep other programs from changing it",
                null);
    }

    /** Returns an exception, which is not retryable, for a file whose attributes can no longer be read. */
    public static SourceChangedException unreadable(Path path, IOException cause) {
        return new SourceChangedException(path, "its attributes can no longer be read: " + cause.getMessage(), cause);
    }

    /** Returns an exception, which is not retryable, for an unchanged file that ends before its size. */
    static SourceChangedException shorter(Path path, long end, long size) {
        return new SourceChangedException(
                path,
                "it ends after " + end + " bytes and not after " + size + ", which is its size, as files in /sys do;"
                        + " copy it to an ordinary file, and use that",
                null);
    }
}
