package io.blobstore.cas.internal;

/**
 * The sums over an index at one moment, and counts since it was created. Sizes are in bytes; what takes room on the
 * disk is rounded up to 4 KiB for each file.
 *
 * @param entries the number of entries
 * @param contentBytes the size of their content
 * @param storedBytes what they take on the disk
 * @param reservedBytes what is reserved for files that are being written
 * @param doomedBytes what removed entries take until their files are deleted
 * @param evictions how many entries were evicted
 * @param failedUnlinks how many attempts to delete a file failed
 * @param pinnedBytes the part of {@code storedBytes} that is pinned
 */
public record IndexTotals(
        long entries,
        long contentBytes,
        long storedBytes,
        long reservedBytes,
        long doomedBytes,
        long evictions,
        long failedUnlinks,
        long pinnedBytes) {}
