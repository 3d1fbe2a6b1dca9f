package io.blobstore.cache;

/**
 * What a {@link CachedBlobStore} has done since it was opened, and the state of its write-back. Sizes are in bytes.
 *
 * @param hits reads that were served from the cache, or from content that waits to be uploaded
 * @param misses reads of blobs that were not in the cache
 * @param fills downloads into the cache that were begun
 * @param coalesced reads that joined a download which another one had begun
 * @param failedFills downloads into the cache that did not complete
 * @param fallbacks reads that continued at the remote store after the cache, or a download into it, failed
 * @param passed reads that went straight to the remote store, or to the cache of pieces, as the blob is large
 * @param damaged cached content that turned out to be damaged while it was read
 * @param cacheFailures operations of the cache that failed, and were logged
 * @param cachedWrites blobs whose content was put into the cache when they were stored
 * @param pendingBlobs blobs that wait to be uploaded
 * @param pendingBytes the size of their content
 * @param uploaded blobs that were uploaded after they had been acknowledged
 * @param uploadRetries failed attempts to upload such blobs
 * @param lostBlobs blobs that were acknowledged and cannot be uploaded, as their content was damaged or deleted in the
 *     cache; they are logged, and their records are kept
 */
public record CachedStoreStats(
        long hits,
        long misses,
        long fills,
        long coalesced,
        long failedFills,
        long fallbacks,
        long passed,
        long damaged,
        long cacheFailures,
        long cachedWrites,
        long pendingBlobs,
        long pendingBytes,
        long uploaded,
        long uploadRetries,
        long lostBlobs) {}
