package io.blobstore.gcs.fake;

import static io.blobstore.gcs.fake.ErrorResponse.require;

import io.blobstore.Crc32c;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The checksums of an object or a part when it was stored.
 *
 * @param md5 base64; empty for objects of multipart uploads
 */
public record Hashes(Crc32c crc32c, Optional<String> md5) {
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
        for (String hash :
                both.isEmpty() ? new String[0] : both.replaceFirst("^,", "").split(",", -1)) {
            String sent = hash.strip();
            require(sent.matches("crc32c=[\\w+/]{6}==|md5=[\\w+/]{22}=="), "InvalidDigest", sent + " is not valid.");
            String actual = sent.startsWith("md5=") ? "md5=" + md5.orElseThrow() : "crc32c=" + crc32c.base64();
            require(sent.equals(actual), "BadDigest", sent + " did not match what we computed: " + actual);
        }
    }

    /** Refuses content that differs from a checksum in the metadata of the JSON API. */
    static void requireEqual(String kind, Optional<String> sent, String actual) {
        String value = sent.orElse(actual);
        require(value.equals(actual), "Provided " + kind + value + " doesn't match calculated " + kind + actual);
    }
}
