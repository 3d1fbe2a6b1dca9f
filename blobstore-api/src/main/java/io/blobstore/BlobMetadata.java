package io.blobstore;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What a store knows about a blob.
 *
 * @param key the blob's name
 * @param size its size in bytes
 * @param version which content of the key this is
 * @param checksum the CRC32C of the whole content, if the store keeps one
 * @param contentType the media type it was stored with, if any
 * @param userMetadata what the user stored along with it
 * @param lastModified when this content was stored, by the store's clock
 */
public record BlobMetadata(
        BlobKey key,
        long size,
        BlobVersion version,
        Optional<Crc32c> checksum,
        Optional<String> contentType,
        Map<String, String> userMetadata,
        Instant lastModified) {
    /** Takes a copy of the map. */
    public BlobMetadata {
        userMetadata = Map.copyOf(userMetadata);
    }
}
