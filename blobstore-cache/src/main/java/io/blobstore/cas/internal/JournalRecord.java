package io.blobstore.cas.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * One record of a journal, of 64 bytes, big-endian. Each has a checksum and does not depend on others, so that damage
 * costs those records only that it hits.
 *
 * <pre>
 * offset  type  value
 *  0      u32   CRC32C of the 60 bytes that follow
 *  4      u8    operation: 1 added, 2 removed, 3 used
 *  5      u8    keyspace: 0 CAS, 1 AC, 2 RAW
 *  6      u8    format: 0 casblob, 1 plain
 *  7      u8    0
 *  8      u8[32] hash
 * 40      u48   size of the content; 2^48 - 1 if the name does not contain it
 * 46      u48   length of the file
 * 52      u32   suffix of the name, see {@link #suffixCode}
 * 56      i64   tick: the number of the event, which orders the uses
 * </pre>
 *
 * <p>In memory a record is eight words, as it is read; the first one's upper half is meaningless there.
 */
final class JournalRecord {
    /** The length of a record in bytes. */
    static final int BYTES = 64;
    /** The length of a record in words of eight bytes. */
    static final int WORDS = BYTES / Long.BYTES;

    static final int ADDED = 1;
    static final int REMOVED = 2;
    static final int USED = 3;

    /** A suffix that is not up to 9 digits: the other 31 bits are a checksum. */
    static final int OTHER_SUFFIX = 1 << 31;

    /** The index of the word with the tick. */
    static final int TICK = 7;

    private static final long MAX_48_BITS = (1L << 48) - 1;
    private static final int HASH = 1;
    private static final int SIZES = 5;
    private static final int SUFFIX = 6;
    private static final int MAX_DIGITS = 9;

    private JournalRecord() {}

    /** Returns whether a record can express the sizes of a file. Others are looked up on the disk. */
    static boolean fits(EntryFile file, long storedSize) {
        return file.contentSize() < MAX_48_BITS && storedSize >= 0 && storedSize <= MAX_48_BITS;
    }

    /** Puts a record into words, from an offset on. */
    static void put(long[] words, int at, int operation, EntryFile file, long storedSize, long tick) {
        EntryKey key = file.key();
        words[at] =
                (long) operation << 24 | (long) Codes.of(key.keyspace()) << 16 | (long) Codes.of(file.format()) << 8;
        ByteBuffer hash = ByteBuffer.wrap(key.hash().bytes());
        for (int i = 0; i < Sha256.BYTES / Long.BYTES; i++) {
            words[at + HASH + i] = hash.getLong();
        }
        long contentSize = file.contentSize() < 0 ? MAX_48_BITS : file.contentSize();
        words[at + SIZES] = contentSize << 16 | storedSize >>> 32;
        words[at + SUFFIX] = storedSize << 32 | Integer.toUnsignedLong(suffixCode(file.suffix()));
        words[at + TICK] = tick;
    }

    /** Writes a record at a buffer's position, which advances. */
    static void write(ByteBuffer target, long[] words, int at, CRC32C crc) {
        int start = target.position();
        target.putInt(0).putInt((int) words[at]);
        for (int i = 1; i < WORDS; i++) {
            target.putLong(words[at + i]);
        }
        target.putInt(start, checksum(target, start, crc));
    }

    /**
     * Reads the record at a buffer's position, which advances by {@link #BYTES}.
     *
     * @return false if it is damaged
     */
    static boolean read(ByteBuffer source, long[] words, CRC32C crc) {
        int start = source.position();
        for (int i = 0; i < WORDS; i++) {
            words[i] = source.getLong();
        }
        words[0] &= 0xffff_ffffL;
        return source.getInt(start) == checksum(source, start, crc) && isValid(words);
    }

    private static int checksum(ByteBuffer record, int start, CRC32C crc) {
        crc.reset();
        crc.update(record.duplicate().position(start + 4).limit(start + BYTES));
        return (int) crc.getValue();
    }

    private static boolean isValid(long[] words) {
        int operation = operation(words);
        return operation >= ADDED
                && operation <= USED
                && keyspace(words[0]) < Codes.KEYSPACES
                && format(words[0]) < Codes.FORMATS;
    }

    static int operation(long[] words) {
        return (int) (words[0] >>> 24) & 0xff;
    }

    /** Returns the keyspace and the format of a record's first word: what a name has besides the hash. */
    static int kind(long word) {
        return (int) (word >>> 8) & 0xffff;
    }

    private static int keyspace(long word) {
        return (int) (word >>> 16) & 0xff;
    }

    private static int format(long word) {
        return (int) (word >>> 8) & 0xff;
    }

    /** Returns the kind of a file, as {@link #kind(long)} does. */
    static int kind(Keyspace keyspace, EntryFile.Format format) {
        return Codes.of(keyspace) << 8 | Codes.of(format);
    }

    /** Returns the size of the content; -1 if the name does not contain it. */
    static long contentSize(long[] words, int at) {
        long size = words[at + SIZES] >>> 16;
        return size == MAX_48_BITS ? -1 : size;
    }

    /** Returns the length of the file. */
    static long storedSize(long[] words, int at) {
        return (words[at + SIZES] & 0xffff) << 32 | words[at + SUFFIX] >>> 32;
    }

    /** Returns the code of the suffix. */
    static int suffixCode(long[] words, int at) {
        return (int) words[at + SUFFIX];
    }

    /** Returns the file of a record whose suffix is not {@link #OTHER_SUFFIX}. */
    static EntryFile file(long[] words, int at) {
        return new EntryFile(
                key(words, at), formatOf(words[at]), contentSize(words, at), suffix(suffixCode(words, at)));
    }

    private static EntryKey key(long[] words, int at) {
        ByteBuffer hash = ByteBuffer.allocate(Sha256.BYTES);
        for (int i = 0; i < Sha256.BYTES / Long.BYTES; i++) {
            hash.putLong(words[at + HASH + i]);
        }
        return new EntryKey(Codes.keyspace(keyspace(words[at])), Sha256.ofBytes(hash.array()));
    }

    private static EntryFile.Format formatOf(long word) {
        return format(word) == 0 ? EntryFile.Format.CASBLOB : EntryFile.Format.PLAIN;
    }

    /**
     * Returns the code of a suffix: one of its own for each text of 1 to 9 digits, which are those that programs write,
     * and a checksum with {@link #OTHER_SUFFIX} for all others.
     */
    static int suffixCode(String suffix) {
        return suffixCode(suffix, 0, suffix.length());
    }

    /** Returns the code of a part of a text. */
    static int suffixCode(String text, int start, int end) {
        int length = end - start;
        int value = 0;
        int offset = 0; // the number of shorter texts
        if (length <= MAX_DIGITS) {
            for (int i = start; i < end; i++) {
                int digit = text.charAt(i) - '0';
                if (digit < 0 || digit > 9) {
                    return otherSuffix(text, start, end);
                }
                value = value * 10 + digit;
                offset = i == start ? 0 : offset * 10 + 10;
            }
            return offset + value;
        }
        return otherSuffix(text, start, end);
    }

    private static int otherSuffix(String text, int start, int end) {
        CRC32C crc = new CRC32C();
        crc.update(text.substring(start, end).getBytes(StandardCharsets.ISO_8859_1));
        return OTHER_SUFFIX | (int) crc.getValue();
    }

    /** Returns the suffix of a code that is not {@link #OTHER_SUFFIX}. */
    static String suffix(int code) {
        int value = code;
        int texts = 10;
        for (int length = 1; ; length++) {
            if (value < texts) {
                String digits = Integer.toString(value);
                return "0".repeat(length - digits.length()) + digits;
            }
            value -= texts;
            texts *= 10;
        }
    }
}
