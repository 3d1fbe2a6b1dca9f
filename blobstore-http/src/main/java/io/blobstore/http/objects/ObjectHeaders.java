package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.http.HttpHeaders;
import io.blobstore.http.ResponseText;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads the header fields that describe an object. */
public final class ObjectHeaders {
    private ObjectHeaders() {}

    /**
     * Reads a blob's metadata; the caller provides the values of fields that servers name differently.
     *
     * @param userMetadataPrefix the prefix of the fields with user metadata, in lower case
     * @throws BlobStoreException if there is no valid Last-Modified field
     */
    public static BlobMetadata metadata(
            Operation operation,
            BlobKey key,
            HttpHeaders headers,
            long size,
            BlobVersion version,
            Optional<Crc32c> checksum,
            String userMetadataPrefix)
            throws BlobStoreException {
        Map<String, String> user = new TreeMap<>();
        headers.forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith(userMetadataPrefix)) {
                user.merge(field.substring(userMetadataPrefix.length()), value, (a, b) -> a + "," + b);
            }
        });
        Instant lastModified = headers.first("Last-Modified")
                .flatMap(ResponseText::date)
                .orElseThrow(() -> incomplete(operation, key, "Last-Modified"));
        return BlobMetadata.builder(key, size, version, lastModified)
                .checksum(checksum)
                .contentType(headers.first("Content-Type"))
                .userMetadata(user)
                .build();
    }

    /** Returns the exception for a response without a field that the server always sends. */
    public static BlobStoreException incomplete(Operation operation, BlobKey key, String field) {
        return new BlobStoreException(
                operation,
                key,
                "the server's response has no valid " + field + "; does the endpoint belong to this kind of store?",
                null,
                false);
    }
}
