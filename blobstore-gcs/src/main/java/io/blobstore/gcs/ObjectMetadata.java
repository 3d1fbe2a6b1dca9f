package io.blobstore.gcs;

import com.google.api.services.storage.model.StorageObject;
import com.google.cloud.storage.Blob;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.objects.HeaderText;
import io.blobstore.http.objects.ObjectHeaders;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** What responses to GET have for objects without Cache-Control, private or public; the JSON API has none then. */
    private static final Set<String> DEFAULT_CACHE_CONTROL = Set.of("private, max-age=0", "public, max-age=3600");

    private ObjectMetadata() {}

    /** Converts the SDK's description of a blob. */
    static BlobMetadata of(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        return of(operation, key, blob, size(blob));
    }

    /** Converts the SDK's description of a blob whose size was requested by itself. */
    static BlobMetadata of(Operation operation, BlobKey key, Blob blob, long size) throws BlobStoreException {
        requireComplete(operation, key, blob);
        return BlobMetadata.builder(
                        key, size, version(blob.getGeneration()), modified(blob).orElseThrow())
                .checksum(checksum(blob.getCrc32c()))
                .contentType(Optional.ofNullable(blob.getContentType()))
                .contentEncoding(Optional.ofNullable(blob.getContentEncoding()))
                .contentLanguage(Optional.ofNullable(blob.getContentLanguage()))
                .contentDisposition(Optional.ofNullable(blob.getContentDisposition()))
                .cacheControl(Optional.ofNullable(blob.getCacheControl()))
                .userMetadata(blob.getMetadata() == null ? Map.of() : withoutNulls(blob.getMetadata()))
                .build();
    }

    private static void requireComplete(Operation operation, BlobKey key, Blob blob) throws BlobStoreException {
        if (blob.getGeneration() == null || modified(blob).isEmpty()) {
            throw ObjectHeaders.incomplete(operation, key, "generation or time");
        }
    }

    /** Returns the size of an object in bytes: JSON may omit a number that is 0. */
    static long size(Blob blob) {
        Long size = blob.getSize();
        return size == null ? 0 : size;
    }

    /** Returns when an object was stored, if the response has the time. */
    static Optional<Instant> modified(Blob blob) {
        return Optional.ofNullable(blob.getUpdateTimeOffsetDateTime())
                .map(time -> time.toInstant().truncatedTo(ChronoUnit.SECONDS));
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
        BlobMetadata metadata = ObjectHeaders.metadata(
                operation, key, headers, size, version, checksum(headers), USER_METADATA, HeaderText::utf8);
        return metadata.cacheControl().filter(DEFAULT_CACHE_CONTROL::contains).isPresent()
                ? metadata.toBuilder().cacheControl(Optional.empty()).build()
                : metadata;
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
