package io.blobstore.http.objects;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How to recognize content that was sent in a blob that is there.
 *
 * @param size the number of bytes
 * @param checksum the CRC32C of the bytes, if known
 * @param provenBy whether a version proves that its blob has this content, as some ETags do
 */
public record SentContent(long size, Optional<Crc32c> checksum, Predicate<BlobVersion> provenBy) {
    /** Creates an instance. */
    public SentContent {}

    /** Returns content that is recognized by its checksum only. */
    public static SentContent of(long size, Crc32c checksum) {
        return new SentContent(size, Optional.of(checksum), version -> false);
    }

    /** Returns whether a blob of the same size has this content; empty if nothing proves either. */
    Optional<Boolean> isIn(BlobMetadata blob) {
        if (blob.checksum().isPresent() && checksum.isPresent()) {
            return Optional.of(blob.checksum().equals(checksum));
        }
        return provenBy.test(blob.version()) ? Optional.of(true) : Optional.empty();
    }
}
