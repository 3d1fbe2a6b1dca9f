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
import io.blobstore.http.ResponseText;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A blob's metadata, as the JSON API and the XML API say it: the same from both. Times are in whole seconds, as in XML.
 */
final class ObjectMetadata {
    static final String GENERATION = "x-goog-generation";
    static final String HASH = "x-goog-hash";
    static final String USER_METADATA = "x-goog-meta-";

    private ObjectMetadata() {}

    /** As the SDK gives it. */
    static BlobMetadata of(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        requireComplete(operation, key, blob);
        return BlobMetadata.builder(key, blob.getSize(), version(blob.getGeneration()), modified(blob))
                .checksum(checksum(blob.getCrc32c()))
                .contentType(Optional.ofNullable(blob.getContentType()))
                .userMetadata(blob.getMetadata() == null ? Map.of() : withoutNulls(blob.getMetadata()))
                .build();
    }

    /** As a listing has it. */
    static BlobListing.Blob entry(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        requireComplete(operation, key, blob);
        return BlobListing.Blob.of(key, blob.getSize(), version(blob.getGeneration()), modified(blob));
    }

    private static void requireComplete(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        if (blob.getGeneration() == null || blob.getSize() == null || blob.getUpdateTimeOffsetDateTime() == null) {
            throw incomplete(operation, key, "generation, size or time");
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

    /** As the header of an answer to GET says it. */
    static BlobMetadata of(Operation operation, BlobKey key, HttpHeaders headers, long size) throws BlobStoreException {
        Map<String, String> user = new TreeMap<>();
        headers.forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith(USER_METADATA)) {
                user.merge(field.substring(USER_METADATA.length()), value, (a, b) -> a + "," + b);
            }
        });
        return BlobMetadata.builder(
                        key,
                        size,
                        generation(headers).orElseThrow(() -> incomplete(operation, key, GENERATION)),
                        headers.first("Last-Modified")
                                .flatMap(ResponseText::date)
                                .orElseThrow(() -> incomplete(operation, key, "Last-Modified")))
                .checksum(checksum(headers))
                .contentType(headers.first("Content-Type"))
                .userMetadata(user)
                .build();
    }

    /** What a header says the object's generation is. */
    static Optional<BlobVersion> generation(HttpHeaders headers) {
        return headers.first(GENERATION)
                .filter(text -> text.matches("[0-9]{1,18}"))
                .map(text -> version(Long.parseLong(text)));
    }

    static BlobVersion version(long generation) {
        return new BlobVersion(Long.toString(generation));
    }

    /** The generation that a version stands for; empty for a version of another store, which no object has. */
    static Optional<Long> generation(BlobVersion version) {
        String text = version.toString();
        return text.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    /**
     * What a header says of the CRC32C: as {@code crc32c=…}, perhaps with an MD5 behind it, perhaps in another field.
     */
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

    /** As a request says it. */
    static String hash(Crc32c checksum) {
        return "crc32c=" + checksum.base64();
    }

    static Optional<Crc32c> checksum(@Nullable String base64) {
        return Optional.ofNullable(base64).flatMap(Crc32c::ofBase64);
    }

    /** The version of what an upload through the JSON API has made. */
    static BlobVersion version(Operation operation, BlobKey key, StorageObject object) throws BlobStoreException {
        if (object.getGeneration() == null) {
            throw incomplete(operation, key, "generation");
        }
        return version(object.getGeneration());
    }

    /** An answer that lacks what the server always says. */
    static BlobStoreException incomplete(Operation operation, BlobKey key, String field) {
        return new BlobStoreException(
                operation,
                key,
                "the server's answer has no valid " + field + "; is the endpoint one of Cloud Storage?",
                null,
                false);
    }
}
