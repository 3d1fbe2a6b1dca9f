package io.blobstore.gcs.fake;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The checksums of an object or a part.
 *
 * @param md5 base64; empty for what was uploaded in parts
 */
record Hashes(Crc32c crc32c, Optional<String> md5) {
    static Hashes of(byte[] content) {
        return new Hashes(Crc32c.of(ByteBuffer.wrap(content)), Optional.of(base64("MD5", content)));
    }

    /** Returns the MD5 in hexadecimal digits, as in ETags. */
    Optional<String> md5Hex() {
        return md5.map(text -> HexFormat.of().formatHex(Base64.getDecoder().decode(text)));
    }

    static String base64(String algorithm, byte[] content) {
        return Base64.getEncoder().encodeToString(digest(algorithm, content));
    }

    static byte[] digest(String algorithm, byte[] content) {
        try {
            return MessageDigest.getInstance(algorithm).digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Refuses a body that differs from the checksums in the header of its request. */
    void requireAsIn(Request request) {
        String both = request.header("x-goog-hash").orElse("")
                + request.header("Content-MD5").map(md5 -> ",md5=" + md5).orElse("");
        for (String hash : both.isEmpty() ? new String[0] : both.replaceFirst("^,", "").split(",", -1)) {
            String text = hash.strip();
            if (text.startsWith("crc32c=")) {
                requireEqual("CRC32C", 4, text.substring("crc32c=".length()), crc32c.base64());
            } else if (text.startsWith("md5=")) {
                requireEqual("MD5", 16, text.substring("md5=".length()), md5.orElseThrow());
            } else {
                throw ErrorResponse.badRequest("InvalidDigest", "x-goog-hash is not valid: " + text);
            }
        }
    }

    private static void requireEqual(String kind, int length, String sent, String actual) {
        String specified = "The " + kind + " you specified (" + sent + ")";
        if (!sent.matches("[A-Za-z0-9+/]+={0,2}") || Base64.getDecoder().decode(sent).length != length) {
            throw ErrorResponse.badRequest("InvalidDigest", specified + " is not valid.");
        }
        if (!sent.equals(actual)) {
            String message = specified + " did not match what we computed (" + actual + ").";
            throw ErrorResponse.badRequest("BadDigest", message);
        }
    }

    /** Refuses content that differs from a checksum in the metadata of the JSON API. */
    static void requireEqual(String kind, Optional<String> sent, String actual) {
        if (sent.isPresent() && !sent.get().equals(actual)) {
            throw ErrorResponse.invalid("Provided " + kind + " \"" + sent.get() + "\" doesn't match calculated " + kind
                    + " \"" + actual + "\".");
        }
    }
}
