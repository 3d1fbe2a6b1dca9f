package io.blobstore;

/**
 * What a read gave.
 *
 * @param blob the blob that was read, the same version as the bytes; where only a part of it was read, the checksum of
 *     the whole may be left out
 * @param length the number of bytes that were put into the target
 * @param checksum the CRC32C of these bytes, computed by this side while they arrived; those of neighbouring ranges
 *     combine into that of the whole
 */
public record ReadResult(BlobMetadata blob, long length, Crc32c checksum) {}
