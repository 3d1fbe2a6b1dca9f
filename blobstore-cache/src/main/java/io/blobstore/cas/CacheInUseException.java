package io.blobstore.cas;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Another process, or another cache of this process, has the directory open. */
public final class CacheInUseException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public CacheInUseException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
