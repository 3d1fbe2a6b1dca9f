package io.blobstore.gcs.fake;

import java.util.Base64;
import java.util.Optional;

/**
 * The key of a customer, as a request brings it.
 *
 * @param sha256 base64, which is all that is kept
 */
record CustomerKey(String sha256) {
    /** How the fields begin that say the key of the object that is read or written. */
    static final String OBJECT = "x-goog-encryption-";
    /** How the fields begin that say the key of what is copied. */
    static final String SOURCE = "x-goog-copy-source-encryption-";

    private static final int LENGTH = 32;

    /** The key in a request's header; empty if there is none. */
    static Optional<CustomerKey> of(Request request, String prefix) throws Refusal {
        Optional<String> algorithm = request.header(prefix + "algorithm");
        Optional<String> key = request.header(prefix + "key");
        Optional<String> sha256 = request.header(prefix + "key-sha256");
        if (algorithm.isEmpty() && key.isEmpty() && sha256.isEmpty()) {
            return Optional.empty();
        }
        if (!algorithm.equals(Optional.of("AES256"))) {
            throw Refusal.badRequest(
                    "CustomerEncryptionAlgorithmIsInvalid",
                    "Missing an encryption algorithm, or the provided algorithm is not \"AES256.\"");
        }
        byte[] bytes = decode(key.orElse(""));
        if (bytes.length != LENGTH) {
            throw Refusal.badRequest(
                    "CustomerEncryptionKeyFormatIsInvalid",
                    "Missing an encryption key, or it is not base64 encoded, or it does not meet the required length"
                            + " of the encryption algorithm.");
        }
        String actual = Hashes.base64("SHA-256", bytes);
        if (!sha256.equals(Optional.of(actual))) {
            throw Refusal.badRequest(
                    "CustomerEncryptionKeySha256IsInvalid",
                    "Missing a SHA256 hash of the encryption key, or it is not base64 encoded, or it does not match"
                            + " the encryption key.");
        }
        return Optional.of(new CustomerKey(actual));
    }

    /** Refuses to read an object without its key, or with another. */
    static void requireFor(FakeObject object, Request request, String prefix) throws Refusal {
        require(object.customerKeySha256(), of(request, prefix));
    }

    /** Refuses a request that has not the key that something was begun with. */
    static void require(Optional<String> sha256, Optional<CustomerKey> given) throws Refusal {
        if (sha256.isPresent() && given.isEmpty()) {
            throw Refusal.badRequest(
                    "ResourceIsEncryptedWithCustomerEncryptionKey",
                    "The target object is encrypted by a customer-supplied encryption key.");
        }
        if (sha256.isEmpty() && given.isPresent()) {
            throw Refusal.badRequest(
                    "ResourceNotEncryptedWithCustomerEncryptionKey",
                    "The target object is not encrypted by a customer-supplied encryption key.");
        }
        if (!sha256.equals(given.map(CustomerKey::sha256))) {
            throw Refusal.badRequest("CustomerEncryptionKeyIsIncorrect", "The provided encryption key is incorrect.");
        }
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }
}
