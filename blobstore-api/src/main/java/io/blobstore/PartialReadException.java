package io.blobstore;

import org.jspecify.annotations.Nullable;

/**
 * A read ended before the last byte, as when a connection is cut. What had arrived by then is in the target and may be
 * used, so that only the rest needs to be asked for again. Retryable.
 */
public class PartialReadException extends BlobStoreException {
    private static final long serialVersionUID = 1L;

    private final transient ReadResult received;

    /**
     * Makes one.
     *
     * @param received what was put into the target: the first bytes of the range
     * @param cause why the others are not
     */
    public PartialReadException(BlobKey key, ReadResult received, String problem, @Nullable Throwable cause) {
        super(Operation.READ, key, problem, cause, true);
        this.received = received;
    }

    /**
     * What arrived: which blob it belongs to, how many bytes, and their checksum. The checksum of the whole may be left
     * out.
     */
    public ReadResult received() {
        return received;
    }
}
