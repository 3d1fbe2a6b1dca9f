package io.blobstore.gcs.fake;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What an object is stored with besides its content. */
record Attributes(
        Optional<String> contentType,
        Optional<String> contentEncoding,
        Map<String, String> metadata,
        String storageClass,
        Optional<String> kmsKeyName,
        Optional<String> customerKeySha256) {

    private static final String DEFAULT_CLASS = "STANDARD";
    private static final Set<String> CLASSES = Set.of(
            DEFAULT_CLASS,
            "NEARLINE",
            "COLDLINE",
            "ARCHIVE",
            "MULTI_REGIONAL",
            "REGIONAL",
            "DURABLE_REDUCED_AVAILABILITY");
    private static final String KMS_KEY = "projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+";
    private static final int MAX_METADATA = 8 << 10;

    /** Of a request of the XML API. */
    static Attributes ofHeaders(Request request) throws Refusal {
        Map<String, String> metadata = new TreeMap<>();
        for (String name : request.headers().keySet()) {
            String field = name.toLowerCase(Locale.ROOT);
            if (field.startsWith("x-goog-meta-")) {
                metadata.put(
                        field.substring("x-goog-meta-".length()),
                        request.header(name).orElse(""));
            }
        }
        return of(
                request.header("Content-Type"),
                request.header("Content-Encoding"),
                metadata,
                request.header("x-goog-storage-class"),
                request.header("x-goog-encryption-kms-key-name"),
                CustomerKey.of(request, CustomerKey.OBJECT));
    }

    static Attributes of(
            Optional<String> contentType,
            Optional<String> contentEncoding,
            Map<String, String> metadata,
            Optional<String> storageClass,
            Optional<String> kmsKeyName,
            Optional<CustomerKey> customerKey)
            throws Refusal {
        if (storageClass.isPresent() && !CLASSES.contains(storageClass.get())) {
            throw Refusal.badRequest("InvalidStorageClass", "The storage class you specified is not valid.");
        }
        if (kmsKeyName.isPresent() && !kmsKeyName.get().matches(KMS_KEY)) {
            throw Refusal.invalid("Malformed Cloud KMS crypto key: " + kmsKeyName.get());
        }
        if (kmsKeyName.isPresent() && customerKey.isPresent()) {
            throw Refusal.invalid("A customer-supplied key and a Cloud KMS key exclude each other.");
        }
        long size = metadata.entrySet().stream()
                .mapToLong(entry -> FakeObjects.utf8(entry.getKey()).length + FakeObjects.utf8(entry.getValue()).length)
                .sum();
        if (size > MAX_METADATA) {
            throw Refusal.badRequest(
                    "MetadataTooLarge", "Your metadata exceeds the maximum allowed metadata size of 8 KiB.");
        }
        return new Attributes(
                contentType,
                contentEncoding,
                Map.copyOf(metadata),
                storageClass.orElse(DEFAULT_CLASS),
                kmsKeyName,
                customerKey.map(CustomerKey::sha256));
    }

    /** The same, encrypted as another request says. */
    Attributes encrypted(Optional<String> otherKmsKey, Optional<CustomerKey> otherKey) throws Refusal {
        return of(contentType, contentEncoding, metadata, Optional.of(storageClass), otherKmsKey, otherKey);
    }
}
