package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Parses names of entries' files, without creating objects: one parser reads millions of names. Its fields describe the
 * name that was parsed last. Not thread-safe.
 *
 * <p>The grammar is that of bazel-remote 2.x ({@code cache/disk/load.go}), restricted to the forms that it writes:
 * {@code hash-size-suffix} and {@code hash-suffix.v1} of a CAS, {@code hash-suffix} of other keyspaces. The hash has 64
 * lower-case hex digits, the size is decimal without leading zeros, and the suffix consists of letters and digits.
 */
final class EntryName {
    static final int HEX_DIGITS = 2 * Sha256.BYTES;
    static final String PLAIN_CAS = ".v1";
    private static final int DIGITS_PER_WORD = 16;

    /** The values of lower-case hex digits; -1 for all other characters. */
    private static final byte[] NIBBLES = new byte['f' + 1];

    static {
        Arrays.fill(NIBBLES, (byte) -1);
        for (int i = 0; i < 16; i++) {
            NIBBLES[Character.forDigit(i, 16)] = (byte) i;
        }
    }

    /** The words of the hash, big-endian. */
    final long[] hash = new long[HEX_DIGITS / DIGITS_PER_WORD];

    private String name = "";
    private Keyspace keyspace = Keyspace.CAS;
    private EntryFile.Format format = EntryFile.Format.PLAIN;
    private long contentSize;
    private int suffixStart;
    private int suffixEnd;

    /** Parses a name; returns false if it is not one of an entry of the keyspace. */
    boolean parse(Keyspace inKeyspace, String text) {
        name = text;
        keyspace = inKeyspace;
        format = EntryFile.Format.PLAIN;
        contentSize = -1;
        suffixStart = HEX_DIGITS + 1;
        suffixEnd = text.length();
        if (suffixEnd <= suffixStart || text.charAt(HEX_DIGITS) != '-') {
            return false;
        }
        if (keyspace == Keyspace.CAS) {
            if (text.endsWith(PLAIN_CAS)) {
                suffixEnd -= PLAIN_CAS.length();
            } else if (!parseSize()) {
                return false;
            }
        }
        return isSuffix() && parseHash();
    }

    /** Parses a size: decimal, 1 to 2^63 - 1, without leading zeros. */
    private boolean parseSize() {
        int dash = name.indexOf('-', suffixStart);
        if (dash <= suffixStart || dash - suffixStart > 19 || name.charAt(suffixStart) == '0') {
            return false;
        }
        long size = 0;
        for (int i = suffixStart; i < dash; i++) {
            int digit = name.charAt(i) - '0';
            size = size * 10 + digit; // 19 digits overflow to a negative number, if at all
            if (digit < 0 || digit > 9 || size < 0) {
                return false;
            }
        }
        format = EntryFile.Format.CASBLOB;
        contentSize = size;
        suffixStart = dash + 1;
        return true;
    }

    private boolean isSuffix() {
        for (int i = suffixStart; i < suffixEnd; i++) {
            char c = name.charAt(i);
            if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
                return false;
            }
        }
        return suffixStart < suffixEnd;
    }

    private boolean parseHash() {
        int valid = 0;
        for (int i = 0; i < hash.length; i++) {
            long word = 0;
            for (int j = i * DIGITS_PER_WORD; j < (i + 1) * DIGITS_PER_WORD; j++) {
                int nibble = nibble(name.charAt(j));
                valid |= nibble; // negative as soon as one is
                word = word << 4 | nibble;
            }
            hash[i] = word;
        }
        return valid >= 0;
    }

    private static int nibble(char c) {
        return c < NIBBLES.length ? NIBBLES[c] : -1;
    }

    /** Returns the number of the directory that holds the files of this hash. */
    int shard() {
        return (int) (hash[0] >>> 56);
    }

    /** Returns the size of the content; -1 if the name does not contain it. */
    long contentSize() {
        return contentSize;
    }

    /** Returns the keyspace and the format, as {@link JournalRecord#kind}. */
    int kind() {
        return JournalRecord.kind(keyspace, format);
    }

    /** Returns the suffix, as {@link JournalRecord#suffixCode}. */
    int suffixCode() {
        return JournalRecord.suffixCode(name, suffixStart, suffixEnd);
    }

    /** Returns the file. */
    EntryFile file() {
        ByteBuffer bytes = ByteBuffer.allocate(Sha256.BYTES);
        bytes.asLongBuffer().put(hash);
        EntryKey key = new EntryKey(keyspace, Sha256.ofBytes(bytes.array()));
        return new EntryFile(key, format, contentSize, name.substring(suffixStart, suffixEnd));
    }
}
