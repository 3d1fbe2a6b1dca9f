package io.blobstore.gcs.fake;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Checksums of what arrives. */
record Hashes(Crc32c crc32c, String md5) {
    /** What any content has. */
    static Hashes of(byte[] content) {
        return new Hashes(Crc32c.of(ByteBuffer.wrap(content)), base64("MD5", content));
    }

    static String base64(String algorithm, byte[] content) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance(algorithm).digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The MD5 in hexadecimal digits, as ETags have it. */
    String md5Hex() {
        return hex(Base64.getDecoder().decode(md5));
    }

    static String hex(byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    /** Refuses a body that has not the checksums that its header says. */
    void requireAsIn(Request request) throws Refusal {
        List<String> hashes = new ArrayList<>();
        for (String field : request.headers().getOrDefault("x-goog-hash", List.of())) {
            hashes.addAll(List.of(field.split(",", -1)));
        }
        request.header("Content-MD5").ifPresent(value -> hashes.add("md5=" + value));
        for (String hash : hashes) {
            String text = hash.strip();
            if (text.startsWith("crc32c=")) {
                requireEqual("CRC32C", 4, text.substring("crc32c=".length()), crc32c.base64());
            } else if (text.startsWith("md5=")) {
                requireEqual("MD5", 16, text.substring("md5=".length()), md5);
            } else {
                throw Refusal.badRequest("InvalidDigest", "x-goog-hash is not valid: " + text);
            }
        }
    }

    private static void requireEqual(String kind, int length, String said, String actual) throws Refusal {
        boolean valid;
        try {
            valid = Base64.getDecoder().decode(said).length == length;
        } catch (IllegalArgumentException e) {
            valid = false;
        }
        if (!valid) {
            throw Refusal.badRequest("InvalidDigest", "The " + kind + " you specified is not valid: " + said);
        }
        if (!said.equals(actual)) {
            throw Refusal.badRequest(
                    "BadDigest",
                    "The " + kind + " you specified (" + said + ") did not match what we computed (" + actual + ").");
        }
    }

    /** Refuses content that has not a checksum that the JSON API's metadata says. */
    static void requireEqual(String kind, java.util.Optional<String> said, String actual) throws Refusal {
        if (said.isPresent() && !said.get().equals(actual)) {
            throw Refusal.invalid("Provided " + kind + " \"" + said.get() + "\" doesn't match calculated " + kind
                    + " \"" + actual + "\".");
        }
    }
}
