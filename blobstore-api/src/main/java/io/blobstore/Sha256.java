package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A SHA-256 digest (FIPS 180-4), which identifies content by its bytes. Immutable.
 *
 * <p>Computed by the JDK's {@link MessageDigest}, which reads direct buffers through a small array on the heap.
 */
public final class Sha256 {
    /** The number of bytes of a digest. */
    public static final int BYTES = 32;

    /** The number of bytes visited at a time, which bounds the buffers of sources that copy. */
    private static final int WINDOW = 256 * 1024;

    private final byte[] bytes;

    private Sha256(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Computes the digest of a buffer's remaining bytes. The buffer's position and limit are unchanged. */
    public static Sha256 of(ByteBuffer content) {
        Objects.requireNonNull(content, "content");
        MessageDigest digest = newMessageDigest();
        digest.update(content.duplicate());
        return new Sha256(digest.digest());
    }

    /**
     * Computes the digest of a source's content.
     *
     * @throws IOException if the source cannot be read
     */
    public static Sha256 of(BlobSource content) throws IOException {
        Objects.requireNonNull(content, "content");
        MessageDigest digest = newMessageDigest();
        content.forEachBuffer(WINDOW, digest::update);
        return new Sha256(digest.digest());
    }

    /**
     * Returns the digest with these bytes, which are copied.
     *
     * @throws IllegalArgumentException if there are not {@value #BYTES}
     */
    public static Sha256 ofBytes(byte[] bytes) {
        Objects.requireNonNull(bytes, "bytes");
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a SHA-256 digest has " + BYTES + " bytes; got " + bytes.length);
        }
        return new Sha256(bytes.clone());
    }

    /**
     * Parses the 64 hex digits that {@link #hex} returns.
     *
     * @throws IllegalArgumentException if the text is not 64 hex digits
     */
    public static Sha256 parse(String hex) {
        Objects.requireNonNull(hex, "hex");
        if (hex.length() != 2 * BYTES || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw new IllegalArgumentException("a SHA-256 digest is written as 64 hex digits; got '" + hex + "'");
        }
        return new Sha256(HexFormat.of().parseHex(hex));
    }

    /** Creates an object that computes a digest from pieces of content; see {@link #ofBytes}. */
    public static MessageDigest newMessageDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Returns a copy of the digest's bytes. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Returns the digest as 64 lower-case hex digits. */
    public String hex() {
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Sha256 that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "sha256:" + hex();
    }
}
