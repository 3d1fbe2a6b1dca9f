package io.blobstore.gcs.fake;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What an object is stored with besides its content. */
record Attributes(
        Optional<String> contentType,
        Map<String, String> metadata,
        String storageClass,
        Optional<String> kmsKeyName,
        Optional<String> keySha256) {

    static final String DEFAULT_CLASS = "STANDARD";

    private static final String CLASSES = "STANDARD|NEARLINE|COLDLINE|ARCHIVE|(MULTI_)?REGIONAL"
            + "|DURABLE_REDUCED_AVAILABILITY";
    private static final String KMS_KEY = "projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+";
    private static final int MAX_METADATA = 8 << 10;

    Attributes {
        metadata = Map.copyOf(metadata);
        if (!storageClass.matches(CLASSES)) {
            String message = "The storage class you specified is not valid.";
            throw ErrorResponse.badRequest("InvalidStorageClass", message);
        }
        if (kmsKeyName.isPresent() && !kmsKeyName.get().matches(KMS_KEY)) {
            throw ErrorResponse.invalid("Malformed Cloud KMS crypto key: " + kmsKeyName.get());
        }
        if (kmsKeyName.isPresent() && keySha256.isPresent()) {
            throw ErrorResponse.invalid("A customer-supplied key and a Cloud KMS key exclude each other.");
        }
        String all = String.join("", metadata.keySet()) + String.join("", metadata.values());
        if (Request.utf8(all).length > MAX_METADATA) {
            String message = "Your metadata exceeds the maximum allowed metadata size of 8 KiB.";
            throw ErrorResponse.badRequest("MetadataTooLarge", message);
        }
    }

    /** Returns what the header of a request of the XML API says. */
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

    /** Returns the same with other encryption. */
    Attributes encrypted(Optional<String> otherKmsKey, Optional<String> otherKeySha256) {
        return new Attributes(contentType, metadata, storageClass, otherKmsKey, otherKeySha256);
    }
}
