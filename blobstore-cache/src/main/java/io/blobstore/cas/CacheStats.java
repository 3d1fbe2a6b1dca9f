package io.blobstore.cas;

/**
 * The state of a {@link ContentCache} at one moment, and counts since it was opened. Sizes are in bytes.
 *
 * @param entries the number of entries
 * @param contentBytes the size of their content, as far as it is known without opening them
 * @param storedBytes what the entries take on the disk, each rounded up to 4 KiB
 * @param reservedBytes what is kept for content that is being put
 * @param doomedBytes what is being deleted
 * @param maxBytes the most bytes that the cache takes
 * @param hits how many entries were found
 * @param misses how many were not found
 * @param evictions how many entries were evicted
 * @param corrupt how many damaged entries were removed
 * @param pinnedBytes the part of {@code storedBytes} that cannot be evicted, as it waits to be uploaded
 * @param loading whether the directory is still being listed
 */
public record CacheStats(
        long entries,
        long contentBytes,
        long storedBytes,
        long reservedBytes,
        long doomedBytes,
        long maxBytes,
        long hits,
        long misses,
        long evictions,
        long corrupt,
        long pinnedBytes,
        boolean loading) {}
