package io.blobstore.transfer;

import java.time.Duration;

/**
 * How far a transfer is.
 *
 * @param bytesTransferred bytes of the parts that were moved: that the store has accepted, or that have arrived
 * @param totalBytes bytes of the whole; {@link #UNKNOWN} for a read until the first answer says how large the blob is
 * @param partsTransferred parts that were moved
 * @param totalParts parts of the whole; 1 for a transfer of one request, and as long as the whole is not known
 * @param retries how many tries failed and were, or are about to be, repeated
 * @param elapsed time since the transfer was started; stands still once it has completed
 */
public record TransferProgress(
        long bytesTransferred, long totalBytes, int partsTransferred, int totalParts, int retries, Duration elapsed) {
    /** Stands for a number of bytes that is not known yet. */
    public static final long UNKNOWN = -1;
}
