package io.blobstore.gcs;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;

/** The encryption of new objects by the server, in place of the bucket's default. Immutable. */
public sealed interface GcsEncryption {
    /**
     * Returns encryption with a key of Cloud KMS.
     *
     * @param keyName as in {@code projects/p/locations/l/keyRings/r/cryptoKeys/k}
     * @throws IllegalArgumentException if the name has another form
     */
    static GcsEncryption kms(String keyName) {
        if (!keyName.matches("projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")) {
            throw new IllegalArgumentException(
                    "a KMS key is named projects/…/locations/…/keyRings/…/cryptoKeys/…; got '" + keyName + "'");
        }
        return new Kms(keyName);
    }

    /**
     * Returns encryption with a key of the caller, which the server does not store. Every read of the blob needs the
     * key. Requires TLS.
     *
     * @param key 32 bytes, which are copied
     * @throws IllegalArgumentException if the key has another length
     */
    static GcsEncryption customerKey(byte[] key) {
        if (key.length != CustomerKey.LENGTH) {
            throw new IllegalArgumentException("a customer key has 32 bytes; got " + key.length);
        }
        return new CustomerKey(key.clone());
    }

    /** See {@link GcsEncryption#kms}. */
    record Kms(String keyName) implements GcsEncryption {
        /** Checks that the name is not null. */
        public Kms {
            Objects.requireNonNull(keyName, "keyName");
        }
    }

    /** See {@link GcsEncryption#customerKey}. */
    final class CustomerKey implements GcsEncryption {
        private static final int LENGTH = 32;

        private final byte[] key;

        private CustomerKey(byte[] key) {
            this.key = key;
        }

        /** Returns the fields of a request that needs the key. */
        Map<String, String> fields() {
            return Map.of(
                    "x-goog-encryption-algorithm",
                    "AES256",
                    "x-goog-encryption-key",
                    base64(),
                    "x-goog-encryption-key-sha256",
                    Base64.getEncoder().encodeToString(sha256()));
        }

        String base64() {
            return Base64.getEncoder().encodeToString(key);
        }

        private byte[] sha256() {
            try {
                return MessageDigest.getInstance("SHA-256").digest(key);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof CustomerKey that && MessageDigest.isEqual(key, that.key);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(key);
        }

        /** Omits the key. */
        @Override
        public String toString() {
            return "CustomerKey";
        }
    }
}
