package io.blobstore.split;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The id of an object: the fs-verity digest of its content. Objects with equal ids have equal content.
 *
 * <p>Immutable and thread-safe. Ids are ordered by hash function, then by their bytes as unsigned numbers, which is the
 * order of their {@linkplain #path() paths}.
 */
public final class ObjectId implements Comparable<ObjectId> {
    private static final HexFormat HEX = HexFormat.of();

    private final ObjectHash hash;
    private final byte[] bytes;

    private ObjectId(ObjectHash hash, byte[] bytes) {
        this.hash = hash;
        this.bytes = bytes;
    }

    /**
     * Returns the id with the given bytes, which are copied.
     *
     * @throws IllegalArgumentException if their number is not that of the hash function
     */
    public static ObjectId of(ObjectHash hash, byte... bytes) {
        return of(hash, bytes, 0, bytes.length);
    }

    /**
     * Returns the id with bytes of an array, which are copied.
     *
     * @throws IllegalArgumentException if their number is not that of the hash function
     */
    public static ObjectId of(ObjectHash hash, byte[] array, int offset, int length) {
        Objects.requireNonNull(array, "array");
        if (length != hash.bytes()) {
            throw new IllegalArgumentException(
                    "an id of " + hash.label() + " has " + hash.bytes() + " bytes; got " + length);
        }
        return new ObjectId(hash, Arrays.copyOfRange(array, offset, offset + length));
    }

    /**
     * Returns the id with the given lower-case hexadecimal digits.
     *
     * @throws IllegalArgumentException if {@code hex} is not that
     */
    public static ObjectId parse(ObjectHash hash, String hex) {
        Objects.requireNonNull(hex, "hex");
        if (!isId(hash, hex)) {
            throw new IllegalArgumentException("an id of " + hash.label() + " has " + 2 * hash.bytes()
                    + " lower-case hexadecimal digits; got '" + hex + "'");
        }
        return new ObjectId(hash, HEX.parseHex(hex));
    }

    /** Returns whether a text is an id as {@link #hex()} writes it. */
    public static boolean isId(ObjectHash hash, String text) {
        return text.length() == 2 * hash.bytes()
                && text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }

    /**
     * Returns the id with a given path.
     *
     * @param path as {@link #path()} returns it
     * @throws IllegalArgumentException if {@code path} is not that
     */
    public static ObjectId parsePath(ObjectHash hash, String path) {
        Objects.requireNonNull(hash, "hash");
        if (path.length() < 3 || path.charAt(2) != '/') {
            throw new IllegalArgumentException("an object's path has a slash after two digits; got '" + path + "'");
        }
        return parse(hash, path.substring(0, 2) + path.substring(3));
    }

    /** Returns the hash function. */
    public ObjectHash hash() {
        return hash;
    }

    /** Returns lower-case hexadecimal digits, two for each byte. */
    public String hex() {
        return HEX.formatHex(bytes);
    }

    /** Returns the path of the object below a repository's {@code objects}: two digits, a slash, and the others. */
    public String path() {
        // No operator +: it makes a longer array, or several, and this is called for each file of an archive.
        return HEX.formatHex(bytes, 0, 1).concat("/").concat(HEX.formatHex(bytes, 1, bytes.length));
    }

    /** Returns a copy of the bytes. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /**
     * Copies the bytes into an array.
     *
     * @throws IndexOutOfBoundsException if they do not fit
     */
    public void copyTo(byte[] target, int offset) {
        Objects.requireNonNull(target, "target");
        System.arraycopy(bytes, 0, target, offset, bytes.length);
    }

    @Override
    public int compareTo(ObjectId other) {
        int byHash = hash.compareTo(other.hash);
        return byHash != 0 ? byHash : Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ObjectId id && hash == id.hash && Arrays.equals(bytes, id.bytes);
    }

    @Override
    public int hashCode() {
        // The bytes are distributed evenly.
        return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | (bytes[3] & 0xff);
    }

    /** Returns {@code sha256:…} with the {@linkplain #hex() digits}. */
    @Override
    public String toString() {
        return hash.label() + ':' + hex();
    }
}
