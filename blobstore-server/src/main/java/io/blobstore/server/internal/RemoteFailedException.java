package io.blobstore.server.internal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The remote cache cannot be reached, and what it should do cannot wait. Clients may try again. */
public final class RemoteFailedException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public RemoteFailedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
