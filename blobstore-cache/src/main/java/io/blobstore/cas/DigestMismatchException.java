package io.blobstore.cas;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Content is not what its digest says: it has another SHA-256 or another size. Nothing was kept. */
public final class DigestMismatchException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public DigestMismatchException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
