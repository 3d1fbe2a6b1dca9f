package io.blobstore.s3;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The encryption of objects by the server. Immutable. */
public sealed interface S3Encryption {
    /** Returns encryption with keys that S3 manages (SSE-S3). */
    static S3Encryption s3Managed() {
        return S3Managed.INSTANCE;
    }

    /** Returns encryption with the account's default key for S3 in the Key Management Service (SSE-KMS). */
    static Kms kms() {
        return new Kms(Optional.empty(), Map.of(), false);
    }

    /** Returns encryption with a key of the Key Management Service (SSE-KMS), given by id, alias or ARN. */
    static Kms kms(String keyId) {
        Objects.requireNonNull(keyId, "keyId");
        return new Kms(Optional.of(keyId), Map.of(), false);
    }

    /**
     * Returns encryption with a key of the caller (SSE-C), which the server does not store. Every read of the blob
     * needs the key. Requires TLS. The array is copied.
     *
     * @param key 32 bytes
     * @throws IllegalArgumentException if the key has another length
     */
    static S3Encryption customerKey(byte[] key) {
        return new CustomerKey(key);
    }

    /** See {@link S3Encryption#s3Managed()}. */
    enum S3Managed implements S3Encryption {
        /** The only instance. */
        INSTANCE
    }

    /**
     * See {@link S3Encryption#kms(String)}.
     *
     * @param keyId id, alias or ARN; empty for the account's default key
     * @param context names and values that the key's policy evaluates and its log contains; must not be secret
     * @param bucketKey whether the server may use one data key for many blobs, which saves calls of KMS
     */
    record Kms(Optional<String> keyId, Map<String, String> context, boolean bucketKey) implements S3Encryption {
        /** Copies the map, and refuses a key id that is empty or that a header cannot contain. */
        public Kms {
            Objects.requireNonNull(context, "context");
            keyId.ifPresent(id -> {
                if (id.isEmpty() || !id.chars().allMatch(c -> c > ' ' && c <= '~')) {
                    throw new IllegalArgumentException("a KMS key id is printable ASCII without spaces, and not empty");
                }
            });
            context = Map.copyOf(context);
        }

        /** Returns this encryption with a context. */
        public Kms withContext(Map<String, String> pairs) {
            Objects.requireNonNull(pairs, "pairs");
            return new Kms(keyId, pairs, bucketKey);
        }

        /** Returns this encryption with a bucket key. */
        public Kms withBucketKey() {
            return new Kms(keyId, context, true);
        }
    }

    /** See {@link S3Encryption#customerKey}. */
    final class CustomerKey implements S3Encryption {
        private static final int BYTES = 32;

        private final byte[] key;

        private CustomerKey(byte[] key) {
            if (key.length != BYTES) {
                throw new IllegalArgumentException("a customer key has " + BYTES + " bytes; got " + key.length);
            }
            this.key = key.clone();
        }

        /** Returns the key, which must not be modified. */
        byte[] bytes() {
            return key;
        }

        /** Omits the key. */
        @Override
        public String toString() {
            return "CustomerKey";
        }
    }
}
