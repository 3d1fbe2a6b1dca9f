package io.blobstore.gcs.fake;

import java.util.Base64;
import java.util.Optional;

/** Validates the keys that customers send with their requests. Only their SHA-256 is stored, in base64. */
final class CustomerKey {
    /** Prefix of the header fields with the key of the object that is read or written. */
    static final String OBJECT = "x-goog-encryption-";
    /** Prefix of the header fields with the key of the object that is copied. */
    static final String SOURCE = "x-goog-copy-source-encryption-";

    private CustomerKey() {}

    /** Returns the SHA-256 of the key in a request's header. */
    static Optional<String> sha256(Request request, String prefix) {
        Optional<String> algorithm = request.header(prefix + "algorithm");
        Optional<String> key = request.header(prefix + "key");
        Optional<String> sha256 = request.header(prefix + "key-sha256");
        if (algorithm.isEmpty() && key.isEmpty() && sha256.isEmpty()) {
            return Optional.empty();
        }
        require(algorithm.equals(Optional.of("AES256")), "CustomerEncryptionAlgorithmIsInvalid");
        require(key.orElse("").matches("[A-Za-z0-9+/]{43}="), "CustomerEncryptionKeyFormatIsInvalid");
        String actual = Hashes.base64("SHA-256", Base64.getDecoder().decode(key.orElseThrow()));
        require(sha256.equals(Optional.of(actual)), "CustomerEncryptionKeySha256IsInvalid");
        return sha256;
    }

    /** Refuses a request with another key than that of the object, or without it. */
    static void require(Optional<String> stored, Optional<String> sent) {
        require(stored.isEmpty() || sent.isPresent(), "ResourceIsEncryptedWithCustomerEncryptionKey");
        require(stored.isPresent() || sent.isEmpty(), "ResourceNotEncryptedWithCustomerEncryptionKey");
        require(stored.equals(sent), "CustomerEncryptionKeyIsIncorrect");
    }

    private static void require(boolean condition, String code) {
        ErrorResponse.require(condition, code, code.replaceAll("(?<=[a-z0-9])(?=[A-Z])", " "));
    }
}
