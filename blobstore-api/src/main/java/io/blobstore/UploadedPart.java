package io.blobstore;

/**
 * A part that a multipart upload has accepted.
 *
 * @param partNumber its number, from 1
 * @param size its size in bytes
 * @param checksum the CRC32C of the content that was sent, computed by this side while sending
 */
public record UploadedPart(int partNumber, long size, Crc32c checksum) {}
