package io.blobstore;

import org.jspecify.annotations.Nullable;

/**
 * Signals that a read ended before the last byte, for example because the connection was closed. The bytes that had
 * arrived are in the target and may be used, so that only the rest must be requested again. Retryable.
 */
public class PartialReadException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final transient ReadResult received;

    /**
     * Creates an exception that is retryable.
     *
     * @param received the bytes that were put into the target, which are the first ones of the range
     * @param cause the reason why the others did not arrive, may be null
     */
    public PartialReadException(BlobKey key, ReadResult received, String problem, @Nullable Throwable cause) {
        super(Operation.READ, key, problem, cause, true);
        this.received = received;
    }

    /**
     * Returns the bytes that arrived: their number, their checksum, and the metadata of their blob, which may lack the
     * checksum of the whole.
     */
    public ReadResult received() {
        return received;
    }
}
