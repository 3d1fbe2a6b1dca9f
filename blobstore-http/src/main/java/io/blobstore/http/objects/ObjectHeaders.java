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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Reads the header fields that describe an object. */
public final class ObjectHeaders {
    /** The fields that describe the content to its readers, and are stored with it. */
    public static final List<String> CONTENT =
            List.of("Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control");

    private ObjectHeaders() {}

    /**
     * Reads a blob's metadata; the caller provides the values of fields that servers name differently. Metadata is what
     * the server sends, and is not validated.
     *
     * @param text decodes the value of a field
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
            String userMetadataPrefix,
            UnaryOperator<String> text)
            throws BlobStoreException {
        Map<String, String> user = new TreeMap<>();
        headers.forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith(userMetadataPrefix)) {
                user.merge(field.substring(userMetadataPrefix.length()), text.apply(value), (a, b) -> a + "," + b);
            }
        });
        Instant lastModified = headers.first("Last-Modified")
                .flatMap(ResponseText::date)
                .orElseThrow(() -> incomplete(operation, key, "Last-Modified"));
        return BlobMetadata.builder(key, size, version, lastModified)
                .checksum(checksum)
                .contentHeaders(contentHeaders(headers, text))
                .userMetadata(user)
                .build();
    }

    private static Map<String, String> contentHeaders(HttpHeaders headers, UnaryOperator<String> text) {
        Map<String, String> content = new TreeMap<>();
        for (String name : CONTENT) {
            List<String> values = headers.all(name);
            if (!values.isEmpty()) { // several fields are one list (RFC 9110, section 5.3)
                content.put(name, text.apply(String.join(", ", values)));
            }
        }
        return content;
    }

    /**
     * Returns an entity tag without the mark of a weak one, {@code W/}, which proxies add when they compress. Stores
     * compare tags strongly, and a weak one never matches (RFC 9110, section 8.8.3.2).
     */
    public static String strong(String etag) {
        return etag.startsWith("W/\"") ? etag.substring(2) : etag;
    }

    /**
     * Checks that a field which repeats the size of the whole blob agrees with it, if the response has the field.
     *
     * @param field the name of the field
     * @return whether the response has it
     * @throws BlobStoreException if it has another value
     */
    public static boolean repeatsSize(Operation operation, BlobKey key, HttpHeaders headers, String field, long size)
            throws BlobStoreException {
        List<String> values = headers.all(field);
        if (!values.stream().allMatch(("" + size)::equals)) {
            throw contradictory(operation, key, field + " is '" + values.get(0) + "', its size " + size);
        }
        return !values.isEmpty();
    }

    /** Returns the exception for a response whose numbers differ. */
    public static BlobStoreException contradictory(Operation operation, BlobKey key, String difference) {
        return new BlobStoreException(
                operation,
                key,
                "the server's response contradicts itself: " + difference
                        + "; is there a proxy that changes responses?",
                null,
                false);
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
