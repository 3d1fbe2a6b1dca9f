package io.blobstore;

import java.util.Optional;

/**
 * What storing a blob gave.
 *
 * @param key the blob's name
 * @param size its size in bytes
 * @param version which content of the key this is
 * @param checksum the CRC32C of the whole content as the store has it, if it keeps one
 */
public record StoredBlob(BlobKey key, long size, BlobVersion version, Optional<Crc32c> checksum) {}
