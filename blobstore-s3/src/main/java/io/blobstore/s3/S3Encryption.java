package io.blobstore.s3;

import java.util.Map;
import java.util.Optional;

/** How the server encrypts what it stores. Immutable. */
public sealed interface S3Encryption {
    /** With keys that S3 manages (SSE-S3). */
    static S3Encryption s3Managed() {
        return S3Managed.INSTANCE;
    }

    /** With a key of the Key Management Service (SSE-KMS): the account's default one for S3. */
    static Kms kms() {
        return new Kms(Optional.empty(), Map.of(), false);
    }

    /** With a key of the Key Management Service (SSE-KMS), named by id, alias or ARN. */
    static Kms kms(String keyId) {
        return new Kms(Optional.of(keyId), Map.of(), false);
    }

    /**
     * With a key of the caller (SSE-C), which the server forgets after each request. Everything that reads the blob
     * needs it again. Goes over TLS only. The array is copied.
     *
     * @param key 32 bytes
     * @throws IllegalArgumentException if it has another length
     */
    static S3Encryption customerKey(byte[] key) {
        return new CustomerKey(key);
    }

    /** See {@link S3Encryption#s3Managed()}. */
    enum S3Managed implements S3Encryption {
        /** The only one. */
        INSTANCE
    }

    /**
     * See {@link S3Encryption#kms(String)}.
     *
     * @param keyId id, alias or ARN; empty for the account's default key
     * @param context what the key's policy and its log see of each use: text, no secrets
     * @param bucketKey whether the server may use one data key for many blobs, which saves calls of the service
     */
    record Kms(Optional<String> keyId, Map<String, String> context, boolean bucketKey) implements S3Encryption {
        /** Takes a copy of the map. Refuses an empty key id, and texts that cannot stand in a header. */
        public Kms {
            keyId.ifPresent(id -> {
                if (id.isEmpty() || !id.chars().allMatch(c -> c > ' ' && c <= '~')) {
                    throw new IllegalArgumentException("a KMS key id is printable ASCII without spaces, and not empty");
                }
            });
            context = Map.copyOf(context);
        }

        /** The same, with a context. */
        public Kms withContext(Map<String, String> pairs) {
            return new Kms(keyId, pairs, bucketKey);
        }

        /** The same, with a bucket key. */
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

        /** Not copied: for this package's headers. */
        byte[] bytes() {
            return key;
        }

        /** Without the key. */
        @Override
        public String toString() {
            return "CustomerKey";
        }
    }
}
