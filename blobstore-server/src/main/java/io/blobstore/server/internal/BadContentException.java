package io.blobstore.server.internal;

import java.io.IOException;

/** What a client sent is not what it announced: another hash, another size, or frames that cannot be decoded. */
public final class BadContentException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public BadContentException(String message, Throwable cause) {
        super(message, cause);
    }
}
