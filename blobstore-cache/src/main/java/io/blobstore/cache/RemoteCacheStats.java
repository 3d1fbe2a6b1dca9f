package io.blobstore.cache;

/**
 * What a {@link RemoteCache} has done since it was opened, and the state of its write-back. Sizes are in bytes.
 *
 * @param fetched entries that were downloaded into the cache
 * @param fetchedBytes the size of their content
 * @param wrong content that was not what its hash says, or damaged; it was neither kept nor used
 * @param refused content that the cache did not take, for lack of room
 * @param skipped uploads of content that was there already
 * @param pendingEntries entries that wait to be uploaded
 * @param pendingBytes the size of their content
 * @param uploaded entries that were uploaded after they had been accepted, or found to be there
 * @param uploadRetries failed attempts to upload such entries
 * @param lostEntries entries that were accepted and cannot be uploaded, as their content was damaged or deleted
 */
public record RemoteCacheStats(
        long fetched,
        long fetchedBytes,
        long wrong,
        long refused,
        long skipped,
        long pendingEntries,
        long pendingBytes,
        long uploaded,
        long uploadRetries,
        long lostEntries) {}
