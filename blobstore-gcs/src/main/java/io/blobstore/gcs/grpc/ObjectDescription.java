package io.blobstore.gcs.grpc;

import com.google.storage.v2.Object;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.http.objects.ObjectHeaders;
import java.time.Instant;
import java.util.Optional;

/** Converts the server's description of an object, with the same results as those of the HTTP APIs. */
final class ObjectDescription {
    private ObjectDescription() {}

    /**
     * Converts a description. Times are in whole seconds. An object that is still appended to has the size that is
     * persisted, and may have no checksum.
     *
     * @throws BlobStoreException if it has no generation, or no time
     */
    static BlobMetadata of(BlobKey key, Object object) throws BlobStoreException {
        if (object.getGeneration() <= 0 || !object.hasUpdateTime() || object.getSize() < 0) {
            throw ObjectHeaders.incomplete(Operation.READ, key, "generation, size or time");
        }
        return BlobMetadata.builder(
                        key,
                        object.getSize(),
                        new BlobVersion(Long.toString(object.getGeneration())),
                        Instant.ofEpochSecond(object.getUpdateTime().getSeconds()))
                .checksum(
                        object.hasChecksums() && object.getChecksums().hasCrc32C()
                                ? Optional.of(new Crc32c(object.getChecksums().getCrc32C()))
                                : Optional.empty())
                .contentType(text(object.getContentType()))
                .contentEncoding(text(object.getContentEncoding()))
                .contentLanguage(text(object.getContentLanguage()))
                .contentDisposition(text(object.getContentDisposition()))
                .cacheControl(text(object.getCacheControl()))
                .userMetadata(object.getMetadataMap())
                .build();
    }

    private static Optional<String> text(String value) {
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
