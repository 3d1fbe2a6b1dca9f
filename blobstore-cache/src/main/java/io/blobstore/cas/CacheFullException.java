package io.blobstore.cas;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** There is no room for the content: all that could be evicted is in use, or the disk is full. May be tried again. */
public final class CacheFullException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public CacheFullException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
