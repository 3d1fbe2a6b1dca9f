package io.blobstore.gcs;

import java.util.Map;
import java.util.Optional;

/**
 * The settings of all requests of a store.
 *
 * @param prefix the beginning of all object names; may be empty
 * @param storageClass the storage class of new objects; empty for the bucket's default
 * @param encryption the encryption of new objects; empty for the bucket's default
 */
record GcsSettings(String bucket, String prefix, Optional<String> storageClass, Optional<GcsEncryption> encryption) {
    GcsSettings {
        if (!bucket.matches("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")) {
            throw new IllegalArgumentException(
                    "a bucket's name has 3 or more of a-z, 0-9, '-', '_' and '.'; got '" + bucket + "'");
        }
    }

    /** Returns the name of the Cloud KMS key. */
    Optional<String> kmsKey() {
        return encryption.filter(GcsEncryption.Kms.class::isInstance).map(kms -> ((GcsEncryption.Kms) kms).keyName());
    }

    /** Returns the customer's key. */
    Optional<GcsEncryption.CustomerKey> customerKey() {
        return encryption
                .filter(GcsEncryption.CustomerKey.class::isInstance)
                .map(GcsEncryption.CustomerKey.class::cast);
    }

    /** Returns the header fields with the customer's key; none without such a key. */
    Map<String, String> keyFields() {
        return customerKey().map(GcsEncryption.CustomerKey::fields).orElse(Map.of());
    }
}
