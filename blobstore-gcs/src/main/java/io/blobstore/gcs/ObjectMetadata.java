package io.blobstore.gcs;

import com.google.api.services.storage.model.StorageObject;
import com.google.cloud.storage.Blob;
import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.objects.ObjectHeaders;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Converts a blob's metadata from responses of the JSON API and of the XML API, with equal results: times are in whole
 * seconds, as in XML.
 */
final class ObjectMetadata {
    static final String GENERATION = "x-goog-generation";
    static final String HASH = "x-goog-hash";
    static final String USER_METADATA = "x-goog-meta-";

    private ObjectMetadata() {}

    /** Converts the SDK's description of a blob. */
    static BlobMetadata of(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        requireComplete(operation, key, blob);
        return of(operation, key, blob, blob.getSize());
    }

    /** Converts the SDK's description of a blob whose size was requested by itself. */
    static BlobMetadata of(Operation operation, BlobKey key, Blob blob, long size) throws BlobStoreException {
        if (blob.getGeneration() == null || blob.getUpdateTimeOffsetDateTime() == null) {
            throw ObjectHeaders.incomplete(operation, key, "generation or time");
        }
        return BlobMetadata.builder(key, size, version(blob.getGeneration()), modified(blob))
                .checksum(checksum(blob.getCrc32c()))
                .contentType(Optional.ofNullable(blob.getContentType()))
                .userMetadata(blob.getMetadata() == null ? Map.of() : withoutNulls(blob.getMetadata()))
                .build();
    }

    /** Converts the SDK's description of a blob to an entry of a listing. */
    static BlobListing.Blob entry(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        requireComplete(operation, key, blob);
        return BlobListing.Blob.of(key, blob.getSize(), version(blob.getGeneration()), modified(blob));
    }

    private static void requireComplete(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        if (blob.getGeneration() == null || blob.getSize() == null || blob.getUpdateTimeOffsetDateTime() == null) {
            throw ObjectHeaders.incomplete(operation, key, "generation, size or time");
        }
    }

    private static Instant modified(Blob blob) {
        return blob.getUpdateTimeOffsetDateTime().toInstant().truncatedTo(ChronoUnit.SECONDS);
    }

    private static Map<String, String> withoutNulls(Map<String, @Nullable String> metadata) {
        Map<String, String> user = new TreeMap<>();
        metadata.forEach((name, value) -> {
            if (value != null) {
                user.put(name, value);
            }
        });
        return user;
    }

    /** Parses the header of a response to GET. */
    static BlobMetadata of(Operation operation, BlobKey key, HttpHeaders headers, long size) throws BlobStoreException {
        BlobVersion version =
                generation(headers).orElseThrow(() -> ObjectHeaders.incomplete(operation, key, GENERATION));
        return ObjectHeaders.metadata(operation, key, headers, size, version, checksum(headers), USER_METADATA);
    }

    /** Returns the version in a header. */
    static Optional<BlobVersion> generation(HttpHeaders headers) {
        return headers.number(GENERATION).map(ObjectMetadata::version);
    }

    static BlobVersion version(long generation) {
        return new BlobVersion(Long.toString(generation));
    }

    /** Returns the generation of a version; empty for a version of another kind of store. */
    static Optional<Long> generation(BlobVersion version) {
        String text = version.toString();
        return text.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    /** Returns the CRC32C in a header: {@code crc32c=…}, possibly with an MD5, in the same or in another field. */
    static Optional<Crc32c> checksum(HttpHeaders headers) {
        for (String field : headers.all(HASH)) {
            for (String hash : field.split(",", -1)) {
                String text = hash.strip();
                if (text.startsWith("crc32c=")) {
                    return Crc32c.ofBase64(text.substring("crc32c=".length()));
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the value of the field {@link #HASH} for a request. */
    static String hash(Crc32c checksum) {
        return "crc32c=" + checksum.base64();
    }

    static Optional<Crc32c> checksum(@Nullable String base64) {
        return Optional.ofNullable(base64).flatMap(Crc32c::ofBase64);
    }

    /** Returns the version of an object that the JSON API has stored. */
    static BlobVersion version(Operation operation, BlobKey key, StorageObject object) throws BlobStoreException {
        if (object.getGeneration() == null) {
            throw ObjectHeaders.incomplete(operation, key, "generation");
        }
        return version(object.getGeneration());
    }
}
