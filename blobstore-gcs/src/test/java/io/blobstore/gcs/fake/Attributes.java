package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;

import com.google.gson.JsonElement;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The attributes of a stored object.
 *
 * @param contentHeaders the content headers but the type, by the names of their fields
 * @param customTime a time that the user has set, as text
 * @param contexts the resource of the object's contexts
 * @param keySha256 the SHA-256 of the customer's key, in base64
 */
public record Attributes(
        Optional<String> contentType,
        Map<String, String> contentHeaders,
        Optional<String> customTime,
        Optional<JsonElement> contexts,
        Map<String, String> metadata,
        String storageClass,
        Optional<String> kmsKeyName,
        Optional<String> keySha256) {

    /** The content headers but the type, by the names of their properties in JSON. */
    static final Map<String, String> CONTENT_HEADERS = Map.of(
            "contentEncoding", "Content-Encoding",
            "contentLanguage", "Content-Language",
            "contentDisposition", "Content-Disposition",
            "cacheControl", "Cache-Control");

    static final String DEFAULT_CLASS = "STANDARD";

    private static final String CLASSES =
            "STANDARD|NEARLINE|COLDLINE|ARCHIVE|(MULTI_)?REGIONAL|DURABLE_REDUCED_AVAILABILITY";
    private static final String KMS_KEY = "projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+";

    /** Refuses attributes that Cloud Storage refuses. */
    public Attributes {
        contentHeaders = Map.copyOf(contentHeaders);
        metadata = Map.copyOf(metadata);
        require(storageClass.matches(CLASSES), "InvalidStorageClass", "The storage class is not valid.");
        require(kmsKeyName.stream().allMatch(name -> name.matches(KMS_KEY)), "Malformed Cloud KMS crypto key");
        require(kmsKeyName.isEmpty() || keySha256.isEmpty(), "A customer-supplied key excludes a Cloud KMS key.");
        int size = Request.utf8(String.join("", metadata.keySet()) + String.join("", metadata.values())).length;
        require(size <= 8 << 10, "MetadataTooLarge", "Your metadata exceeds the maximum size of 8 KiB.");
    }

    /** Returns the attributes in the header of a request of the XML API. */
    static Attributes ofHeaders(Request request) {
        Map<String, String> metadata = new TreeMap<>();
        request.headers().forEach((name, value) -> {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith("x-goog-meta-")) {
                metadata.put(field.substring("x-goog-meta-".length()), value);
            }
        });
        Map<String, String> contentHeaders = new TreeMap<>();
        for (String name : CONTENT_HEADERS.values()) {
            request.header(name).ifPresent(value -> contentHeaders.put(name, value));
        }
        return new Attributes(
                request.header("Content-Type"),
                contentHeaders,
                request.header("x-goog-custom-time"),
                Optional.empty(),
                metadata,
                request.header("x-goog-storage-class").orElse(DEFAULT_CLASS),
                request.header("x-goog-encryption-kms-key-name"),
                CustomerKey.sha256(request, CustomerKey.OBJECT));
    }

    /** Returns these attributes with other encryption. */
    Attributes encrypted(Optional<String> otherKmsKey, Optional<String> otherKeySha256) {
        return new Attributes(
                contentType, contentHeaders, customTime, contexts, metadata, storageClass, otherKmsKey, otherKeySha256);
    }
}
