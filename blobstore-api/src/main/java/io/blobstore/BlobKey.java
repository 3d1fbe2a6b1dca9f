package io.blobstore;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The name of a blob inside a store: any well-formed Unicode text of 1 to {@value #MAX_BYTES} bytes in UTF-8.
 *
 * <pre>{@code
 * BlobKey key = BlobKey.of("backups/2024/database.img");
 * }</pre>
 *
 * <p>A key is never normalised, decoded or trimmed: {@code toString()} returns exactly the text that was given to
 * {@link #of}. The bucket, or the directory, belongs to the store and not to the key. A store refuses keys that it
 * cannot hold with {@link InvalidBlobKeyException}.
 *
 * <p>Keys are ordered by their UTF-8 bytes, unsigned, as object stores list them. That is the order of code points;
 * {@link String#compareTo} differs from it for characters beyond the basic plane.
 */
public final class BlobKey implements Comparable<BlobKey> {
    /** The longest key, in UTF-8 bytes: the limit of S3 and of Google Cloud Storage. */
    public static final int MAX_BYTES = 1024;

    private final String name;

    private BlobKey(String name) {
        this.name = name;
    }

    /**
     * Returns the key with this name.
     *
     * @throws IllegalArgumentException if the name is empty, longer than {@value #MAX_BYTES} bytes in UTF-8, or
     *     contains an unpaired surrogate
     */
    public static BlobKey of(String name) {
        Objects.requireNonNull(name, "name");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a blob key must not be empty");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException(
                    "a blob key must be well-formed Unicode; this one has an unpaired surrogate");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "a blob key has at most " + MAX_BYTES + " bytes in UTF-8; this one has " + bytes);
        }
        return new BlobKey(name);
    }

    @Override
    public int compareTo(BlobKey other) {
        Objects.requireNonNull(other, "other");
        return compare(name, other.name);
    }

    /** Compares two names by their unsigned UTF-8 bytes. */
    static int compare(String a, String b) {
        int shared = Math.min(a.length(), b.length());
        for (int i = 0; i < shared; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                // UTF-16 sorts surrogates below U+E000..U+FFFF, UTF-8 above them.
                boolean xSurrogate = Character.isSurrogate(x);
                boolean ySurrogate = Character.isSurrogate(y);
                return xSurrogate == ySurrogate ? Character.compare(x, y) : (xSurrogate ? 1 : -1);
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BlobKey key && name.equals(key.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** Returns the name, exactly as given to {@link #of}. */
    @Override
    public String toString() {
        return name;
    }
}
