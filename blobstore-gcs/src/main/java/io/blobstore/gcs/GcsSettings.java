package io.blobstore.gcs;

import io.blobstore.BlobKey;
import java.util.Map;
import java.util.Optional;

/**
 * What holds for all requests of a store.
 *
 * @param prefix in front of every key; may be empty
 * @param storageClass of what is stored; empty for the bucket's default
 * @param encryption of what is stored; empty for the bucket's default
 */
record GcsSettings(String bucket, String prefix, Optional<String> storageClass, Optional<GcsEncryption> encryption) {
    GcsSettings {
        if (!bucket.matches("[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")) {
            throw new IllegalArgumentException(
                    "a bucket's name has 3 or more of a-z, 0-9, '-', '_' and '.'; got '" + bucket + "'");
        }
        if (!prefix.isEmpty()) {
            BlobKey.of(prefix); // well-formed, and not longer than a key
        }
        storageClass.ifPresent(name -> {
            if (name.isEmpty() || !name.chars().allMatch(c -> (c >= 'A' && c <= 'Z') || c == '_')) {
                throw new IllegalArgumentException("a storage class is written like NEARLINE; got '" + name + "'");
            }
        });
    }

    /** The key of Cloud KMS. */
    Optional<String> kmsKey() {
        return encryption.filter(GcsEncryption.Kms.class::isInstance).map(kms -> ((GcsEncryption.Kms) kms).keyName());
    }

    /** The customer's key. */
    Optional<GcsEncryption.CustomerKey> customerKey() {
        return encryption
                .filter(GcsEncryption.CustomerKey.class::isInstance)
                .map(GcsEncryption.CustomerKey.class::cast);
    }

    /** What a request says that needs the customer's key; nothing if there is none. */
    Map<String, String> keyFields() {
        return customerKey().map(GcsEncryption.CustomerKey::fields).orElse(Map.of());
    }
}
