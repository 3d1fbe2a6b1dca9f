package io.blobstore.transfer;

import java.time.Duration;

/**
 * How far a transfer is.
 *
 * @param bytesTransferred bytes of the parts that the store has accepted
 * @param totalBytes bytes of the whole
 * @param partsTransferred parts that the store has accepted
 * @param totalParts parts of the whole; 1 for a transfer of one request
 * @param retries how many tries failed and were, or are about to be, repeated
 * @param elapsed time since the transfer was started; stands still once it has completed
 */
public record TransferProgress(
        long bytesTransferred, long totalBytes, int partsTransferred, int totalParts, int retries, Duration elapsed) {}
