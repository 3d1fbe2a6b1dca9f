package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The attributes of a stored object.
 *
 * @param keySha256 the SHA-256 of the customer's key, in base64
 */
public record Attributes(
        Optional<String> contentType,
        Map<String, String> metadata,
        String storageClass,
        Optional<String> kmsKeyName,
        Optional<String> keySha256) {

    static final String DEFAULT_CLASS = "STANDARD";

    private static final String CLASSES =
            "STANDARD|NEARLINE|COLDLINE|ARCHIVE|(MULTI_)?REGIONAL|DURABLE_REDUCED_AVAILABILITY";
    private static final String KMS_KEY = "projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+";

    /** Refuses attributes that Cloud Storage refuses. */
    public Attributes {
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
        return new Attributes(
                request.header("Content-Type"),
                metadata,
                request.header("x-goog-storage-class").orElse(DEFAULT_CLASS),
                request.header("x-goog-encryption-kms-key-name"),
                CustomerKey.sha256(request, CustomerKey.OBJECT));
    }

    /** Returns these attributes with other encryption. */
    Attributes encrypted(Optional<String> otherKmsKey, Optional<String> otherKeySha256) {
        return new Attributes(contentType, metadata, storageClass, otherKmsKey, otherKeySha256);
    }
}
