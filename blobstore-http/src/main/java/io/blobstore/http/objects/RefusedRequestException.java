package io.blobstore.http.objects;

import java.io.IOException;

/**
 * Reports an error response to a request of the data plane. {@link ErrorTranslator} translates it; users see it only as
 * a cause.
 */
public final class RefusedRequestException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ErrorResponse response;

    /** Creates the exception for an error response. */
    public RefusedRequestException(ErrorResponse response) {
        super(response.toString());
        this.response = response;
    }

    ErrorResponse response() {
        return response;
    }
}
