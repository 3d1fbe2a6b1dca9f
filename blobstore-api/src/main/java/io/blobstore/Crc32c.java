package io.blobstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A CRC32C checksum (Castagnoli polynomial, RFC 3720 appendix B.4).
 *
 * <p>Computed by {@link CRC32C}, which is an intrinsic over direct buffers: nothing is copied. The checksums of
 * adjacent pieces combine into the checksum of the whole without reading the content again, so that a blob can be
 * verified although its parts were sent in parallel.
 *
 * @param value the checksum's 32 bits
 */
public record Crc32c(int value) {
    /** The checksum of empty content. */
    public static final Crc32c EMPTY = new Crc32c(0);

    /** The polynomial 0x1EDC6F41, bits reflected. */
    private static final int POLYNOMIAL = 0x82F63B78;

    /**
     * {@code X_TO_2_TO[k]} is x^(2^k) modulo the polynomial. 67 entries, as a length of up to 2^63 bytes is 2^66 bits:
     * the table cannot be made cyclic at 32 as zlib's is for CRC-32, because this polynomial is not primitive.
     */
    private static final int[] X_TO_2_TO = powers(67);

    /** The number of bytes visited at a time, which bounds the buffers of sources that copy. */
    private static final int WINDOW = 256 * 1024;

    /** Computes the checksum of a buffer's remaining bytes. The buffer's position and limit are unchanged. */
    public static Crc32c of(ByteBuffer content) {
        Objects.requireNonNull(content, "content");
        CRC32C crc = new CRC32C();
        crc.update(content.duplicate());
        return new Crc32c((int) crc.getValue());
    }

    /**
     * Computes the checksum of a source's content.
     *
     * @throws IOException if the source cannot be read
     */
    public static Crc32c of(BlobSource content) throws IOException {
        Objects.requireNonNull(content, "content");
        CRC32C crc = new CRC32C();
        content.forEachBuffer(WINDOW, crc::update);
        return new Crc32c((int) crc.getValue());
    }

    /**
     * Parses the 8 hex digits that {@link #hex} returns.
     *
     * @throws IllegalArgumentException if the text is not 8 hex digits
     */
    public static Crc32c parse(String hex) {
        Objects.requireNonNull(hex, "hex");
        if (hex.length() != 8 || !hex.chars().allMatch(HexFormat::isHexDigit)) {
            throw new IllegalArgumentException("a CRC32C is written as 8 hex digits; got '" + hex + "'");
        }
        return new Crc32c(Integer.parseUnsignedInt(hex, 16));
    }

    /**
     * Returns the checksum of this content followed by other content.
     *
     * <p>Appending n bytes multiplies the checksum, as a polynomial, by x^(8n); see M. Adler's {@code crc32_combine} in
     * zlib 1.2.12.
     *
     * @param next the checksum of the content that follows
     * @param nextLength the number of bytes that follow, 0 or more
     */
    public Crc32c combine(Crc32c next, long nextLength) {
        Objects.requireNonNull(next, "next");
        if (nextLength < 0) {
            throw new IllegalArgumentException("length must be 0 or more; got " + nextLength);
        }
        int shift = 1 << 31; // x^0
        int power = 3; // x^(2^3) is one byte
        for (long n = nextLength; n != 0; n >>>= 1, power++) {
            if ((n & 1) != 0) {
                shift = multiply(X_TO_2_TO[power], shift);
            }
        }
        return new Crc32c(multiply(shift, value) ^ next.value);
    }

    /** Returns the checksum as 8 lower-case hex digits. */
    public String hex() {
        return String.format("%08x", value);
    }

    /** Returns the base64 encoding of the four bytes, most significant first, as in the headers of object stores. */
    public String base64() {
        return Base64.getEncoder()
                .encodeToString(ByteBuffer.allocate(Integer.BYTES)
                        .order(ByteOrder.BIG_ENDIAN)
                        .putInt(value)
                        .array());
    }

    /**
     * Parses the text that {@link #base64} returns; empty for any other text, such as the composite checksums of
     * multipart uploads that some stores report.
     */
    public static Optional<Crc32c> ofBase64(String text) {
        Objects.requireNonNull(text, "text");
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            return bytes.length == Integer.BYTES
                    ? Optional.of(new Crc32c(ByteBuffer.wrap(bytes).getInt()))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "crc32c:" + hex();
    }

    private static int[] powers(int count) {
        int[] powers = new int[count];
        powers[0] = 1 << 30; // x^1
        for (int k = 1; k < count; k++) {
            powers[k] = multiply(powers[k - 1], powers[k - 1]);
        }
        return powers;
    }

    /** Multiplies two reflected polynomials modulo {@link #POLYNOMIAL}. */
    private static int multiply(int a, int b) {
        int product = 0;
        for (int bit = 1 << 31; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= b;
            }
            b = (b & 1) != 0 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
        }
        return product;
    }
}
