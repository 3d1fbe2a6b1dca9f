package io.blobstore.gcs;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import org.jspecify.annotations.Nullable;

/** Signals that the transport of the store's settings does not suit its bucket. Not retryable. */
public class UnsupportedTransportException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    /** Creates an exception. See {@link BlobStoreException} for the parameters. */
    public UnsupportedTransportException(Operation operation, @Nullable BlobKey key, String problem) {
        super(operation, key, problem, null, false);
    }
}
