package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The file of an entry, as its name describes it. Immutable; each file that is written has an object and a name of its
 * own, so that removing a file never removes its successor.
 *
 * <p>The names are those of bazel-remote 2.x ({@code cache/disk/load.go}): {@code hash-size-suffix} of a casblob,
 * {@code hash-suffix.v1} of plain content, {@code hash-suffix} of the records of other keyspaces.
 *
 * @param key the entry's key
 * @param format how the content is stored
 * @param contentSize the size of the content in bytes; -1 if the name does not contain it
 * @param suffix makes the name unique: 9 digits in names that this library creates, letters and digits in others
 */
public record EntryFile(EntryKey key, Format format, long contentSize, String suffix) {
    /** How the content of a file is stored. */
    public enum Format {
        /** {@code hash-size-suffix}: a casblob. */
        CASBLOB,
        /** {@code hash-suffix.v1} of a CAS, {@code hash-suffix} of other keyspaces: the content as it is. */
        PLAIN
    }

    private static final int HEX_DIGITS = 2 * Sha256.BYTES;
    private static final String PLAIN_CAS = ".v1";

    /** Returns the name of the file. */
    public String name() {
        String hash = key.hash().hex();
        if (format == Format.CASBLOB) {
            return hash + "-" + contentSize + "-" + suffix;
        }
        return hash + "-" + suffix + (key.keyspace() == Keyspace.CAS ? PLAIN_CAS : "");
    }

    /** Returns the name of the directory, inside that of the keyspace, which holds the files of a hash. */
    static String shard(Sha256 hash) {
        return hash.hex().substring(0, 2);
    }

    /**
     * Parses a file's name.
     *
     * @return the file; empty if the name is not one of an entry of the keyspace
     */
    public static Optional<EntryFile> parse(Keyspace keyspace, String name) {
        Name parsed = Name.parse(keyspace, name);
        if (parsed == null) {
            return Optional.empty();
        }
        byte[] hash = new byte[Sha256.BYTES];
        return parsed.hash(name, hash) ? Optional.of(parsed.file(keyspace, hash, name)) : Optional.empty();
    }

    /**
     * The parts of a name, without its hash.
     *
     * @param contentSize the size that the name contains; -1 if none
     * @param suffixStart where the suffix begins
     * @param suffixEnd where it ends
     */
    record Name(Format format, long contentSize, int suffixStart, int suffixEnd) {
        /** Finds the parts of a name; null if it is not one of an entry of the keyspace. Does not check the hash. */
        static @Nullable Name parse(Keyspace keyspace, String name) {
            if (name.length() < HEX_DIGITS + 2 || name.charAt(HEX_DIGITS) != '-') {
                return null;
            }
            int start = HEX_DIGITS + 1;
            boolean cas = keyspace == Keyspace.CAS;
            if (cas && name.endsWith(PLAIN_CAS)) {
                return of(name, Format.PLAIN, -1, start, name.length() - PLAIN_CAS.length());
            }
            if (!cas) {
                return of(name, Format.PLAIN, -1, start, name.length());
            }
            int dash = name.indexOf('-', start);
            long size = dash < 0 ? -1 : size(name, start, dash);
            return size < 0 ? null : of(name, Format.CASBLOB, size, dash + 1, name.length());
        }

        private static @Nullable Name of(String name, Format format, long contentSize, int start, int end) {
            for (int i = start; i < end; i++) {
                if (!isLetterOrDigit(name.charAt(i))) {
                    return null;
                }
            }
            return start < end ? new Name(format, contentSize, start, end) : null;
        }

        private static boolean isLetterOrDigit(char c) {
            return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
        }

        /** Parses a size: decimal, 1 to 2^63 - 1, without leading zeros; -1 if it is none. */
        private static long size(String name, int start, int end) {
            if (start == end || end - start > 19 || name.charAt(start) == '0') {
                return -1;
            }
            long size = 0;
            for (int i = start; i < end; i++) {
                int digit = name.charAt(i) - '0';
                if (digit < 0 || digit > 9) {
                    return -1;
                }
                size = size * 10 + digit; // 19 digits overflow to a negative number at most
                if (size < 0) {
                    return -1;
                }
            }
            return size;
        }

        /**
         * Parses the hash that a name begins with.
         *
         * @param target receives its 32 bytes
         * @return false if it is not written in 64 lower-case hex digits
         */
        boolean hash(String name, byte[] target) {
            for (int i = 0; i < Sha256.BYTES; i++) {
                int high = nibble(name.charAt(2 * i));
                int low = nibble(name.charAt(2 * i + 1));
                if ((high | low) < 0) {
                    return false;
                }
                target[i] = (byte) (high << 4 | low);
            }
            return true;
        }

        private static int nibble(char c) {
            if (c >= '0' && c <= '9') {
                return c - '0';
            }
            return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        }

        /** Returns the file of a name with these parts. */
        EntryFile file(Keyspace keyspace, byte[] hash, String name) {
            return new EntryFile(
                    new EntryKey(keyspace, Sha256.ofBytes(hash)),
                    format,
                    contentSize,
                    name.substring(suffixStart, suffixEnd));
        }
    }
}
