package io.blobstore.gcs;

import java.io.IOException;

/** The server refused a request of our own. Does not leave the package but as a cause. */
final class GcsFailure extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ErrorResponse error;

    GcsFailure(ErrorResponse error) {
        super(error.toString());
        this.error = error;
    }

    ErrorResponse error() {
        return error;
    }
}
