package io.blobstore.cas;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The directory cannot be used as a cache: the message says why, and what to do. */
public final class CacheDirectoryException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public CacheDirectoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
