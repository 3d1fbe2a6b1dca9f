package io.blobstore;

import java.time.Duration;

/**
 * What a presigned URL lets its bearer do.
 *
 * @param method the request
 * @param validity for how long; a store may allow less than is asked for
 */
public record PresignOptions(Method method, Duration validity) {
    /** Refuses a validity that is not positive. */
    public PresignOptions {
        if (validity.isNegative() || validity.isZero()) {
            throw new IllegalArgumentException("the validity must be positive; got " + validity);
        }
    }

    /** The one request that is allowed. */
    public enum Method {
        /** Reads the blob. */
        GET,
        /** Stores the blob. */
        PUT
    }
}
