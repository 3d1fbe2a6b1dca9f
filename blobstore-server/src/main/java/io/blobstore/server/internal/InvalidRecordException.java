package io.blobstore.server.internal;

import java.io.IOException;

/** What a client sent as a record is not one. */
public final class InvalidRecordException extends IOException {
    private static final long serialVersionUID = 1;

    /** Creates the exception. */
    public InvalidRecordException(String message, Throwable cause) {
        super(message, cause);
    }
}
