package io.blobstore.cache.pieces;

/**
 * The state of a cache of pieces, and what happened since it was opened.
 *
 * @param pieces the number of pieces on the disk
 * @param bytes the bytes on the disk, in whole blocks, unfinished pieces included
 * @param maxBytes the most bytes on the disk
 * @param hits how often a piece was there
 * @param misses how often a piece was fetched
 * @param bypassed how often a part of a read went to the store, because the piece could not be cached
 * @param damaged the pieces that were removed because their content was not what had been received
 * @param evictions the pieces that were removed to make room
 * @param fetchedBytes the bytes of the pieces that were fetched
 */
public record PieceStats(
        int pieces,
        long bytes,
        long maxBytes,
        long hits,
        long misses,
        long bypassed,
        long damaged,
        long evictions,
        long fetchedBytes) {}
