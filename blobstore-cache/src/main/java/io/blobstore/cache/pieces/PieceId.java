package io.blobstore.cache.pieces;

/**
 * Identifies a piece.
 *
 * @param version the version of the blob that it is a part of
 * @param number its number in the blob, from 0
 */
record PieceId(VersionId version, long number) {}
