package io.blobstore.split;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The hash function of a repository's object ids. All objects and streams of one repository use the same one.
 *
 * <p>The ids are fs-verity digests with blocks of 4 KiB and no salt; see <a
 * href="https://docs.kernel.org/filesystems/fsverity.html">the kernel's documentation of fs-verity</a>, which also
 * defines the {@linkplain #code() codes}.
 */
public enum ObjectHash {
    /** SHA-256: ids of 32 bytes. */
    SHA_256("sha256", "SHA-256", 1, 32),
    /** SHA-512: ids of 64 bytes. composefs-rs's default; without CPU instructions for it about half as fast. */
    SHA_512("sha512", "SHA-512", 2, 64);

    private final String label;
    private final String algorithm;
    private final int code;
    private final int bytes;

    ObjectHash(String label, String algorithm, int code, int bytes) {
        this.label = label;
        this.algorithm = algorithm;
        this.code = code;
        this.bytes = bytes;
    }

    /** Returns the number of bytes of an id. */
    public int bytes() {
        return bytes;
    }

    /** Returns the number of this hash function in fs-verity descriptors and split streams: 1 or 2. */
    public int code() {
        return code;
    }

    /** Returns {@code sha256} or {@code sha512}. */
    public String label() {
        return label;
    }

    /**
     * Returns the name in a repository's {@code meta.json}: {@code fsverity-sha256-12} or {@code fsverity-sha512-12}.
     */
    public String metaName() {
        return "fsverity-" + label + "-12";
    }

    /** Creates the JDK's implementation. */
    public MessageDigest newMessageDigest() {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks " + algorithm, e); // each one must have SHA-256
        }
    }

    /**
     * Returns the hash function with a given name.
     *
     * @param name a {@link #label()} or a {@link #metaName()}
     * @throws IllegalArgumentException if there is none
     */
    public static ObjectHash of(String name) {
        for (ObjectHash hash : values()) {
            if (name.equals(hash.label) || name.equals(hash.metaName())) {
                return hash;
            }
        }
        throw new IllegalArgumentException("unknown hash function '" + name + "'; known are "
                + Arrays.stream(values()).map(ObjectHash::label).collect(Collectors.joining(", ")));
    }
}
