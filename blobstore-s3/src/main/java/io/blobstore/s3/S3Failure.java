package io.blobstore.s3;

import java.io.IOException;

/** The server refused a request of our own. On its way to {@link S3Errors}; afterwards a cause. */
final class S3Failure extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ErrorResponse error;

    S3Failure(ErrorResponse error) {
        super(error.toString());
        this.error = error;
    }

    ErrorResponse error() {
        return error;
    }
}
