package io.blobstore.split.internal.tar;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The fields of a header block of a tar archive, as POSIX.1-2017 (pax, "ustar Interchange Format") and the manual of
 * GNU tar ("Basic Tar Format") define them. Reused for all headers of an archive; not thread-safe.
 */
final class TarHeader {
    /** The size of a header, and the unit to which contents are padded, in bytes. */
    static final int BLOCK = 512;

    private static final int NAME = 0;
    private static final int NAME_BYTES = 100;
    private static final int MODE = 100;
    private static final int UID = 108;
    private static final int GID = 116;
    private static final int SIZE = 124;
    private static final int MTIME = 136;
    private static final int CHECKSUM = 148;
    private static final int CHECKSUM_END = 156;
    private static final int TYPE = 156;
    private static final int MAGIC = 257;
    private static final int DEV_MAJOR = 329;
    private static final int DEV_MINOR = 337;
    private static final int PREFIX = 345;
    private static final int PREFIX_BYTES = 155;

    private static final byte[] USTAR = {'u', 's', 't', 'a', 'r', 0, '0', '0'};
    private static final byte[] GNU = {'u', 's', 't', 'a', 'r', ' ', ' ', 0};
    private static final byte[] ZEROS = new byte[BLOCK];

    private final byte[] block = new byte[BLOCK];

    /** Reads the next block of a buffer, which has at least one. */
    void read(ByteBuffer bytes) {
        bytes.get(bytes.position(), block);
    }

    /** Returns whether all bytes are zero, as in the blocks at the end of an archive. */
    boolean isZero() {
        return Arrays.equals(block, ZEROS);
    }

    private boolean hasMagic(byte[] magic) {
        return Arrays.equals(block, MAGIC, MAGIC + magic.length, magic, 0, magic.length);
    }

    /** Returns whether this is a ustar or GNU header: only these may announce metadata of the following entry. */
    boolean isExtensible() {
        return hasMagic(USTAR) || hasMagic(GNU);
    }

    char type() {
        return (char) (block[TYPE] & 0xff);
    }

    /** Returns whether the entry is a regular file; contiguous files, of type 7, are stored like those. */
    boolean isFile() {
        return type() == '0' || type() == 0 || type() == '7';
    }

    /** Returns the name in the header, decoded as UTF-8; empty if there is none. */
    String name() {
        String name = text(NAME, NAME_BYTES);
        String prefix = hasMagic(USTAR) ? text(PREFIX, PREFIX_BYTES) : "";
        return prefix.isEmpty() ? name : prefix + '/' + name;
    }

    private String text(int offset, int length) {
        int end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        return new String(block, offset, end - offset, StandardCharsets.UTF_8);
    }

    /** Checks the checksum: the sum of all bytes as unsigned numbers, those of the checksum counting as spaces. */
    void checkChecksum() throws TarFieldException {
        long expected = octal(CHECKSUM, CHECKSUM_END - CHECKSUM, "checksum");
        int computed = ' ' * (CHECKSUM_END - CHECKSUM);
        for (int i = 0; i < CHECKSUM; i++) {
            computed += block[i] & 0xff;
        }
        for (int i = CHECKSUM_END; i < BLOCK; i++) {
            computed += block[i] & 0xff;
        }
        if (expected != computed) {
            throw new TarFieldException("its header has the checksum " + expected + " instead of " + computed);
        }
    }

    /**
     * Returns the size of the content in bytes, as an unsigned number: it does not count if a pax header has another
     * one.
     */
    long size() throws TarFieldException {
        long size = number(SIZE, 12, "size");
        if (size < 0 && size > -BLOCK) { // with the padding it would have more than 64 bits
            throw new TarFieldException("its size, " + Long.toUnsignedString(size) + ", is not possible");
        }
        return size;
    }

    /** Checks the fields of an entry that do not matter for splitting, as composefs-rs refuses bad ones. */
    void checkOtherFields() throws TarFieldException {
        number(MODE, 8, "mode");
        number(UID, 8, "uid");
        number(GID, 8, "gid");
        number(MTIME, 12, "mtime");
        if (isExtensible()) {
            octal(DEV_MAJOR, 8, "devmajor");
            octal(DEV_MINOR, 8, "devminor");
        }
    }

    /**
     * Reads an octal number, or GNU tar's base-256 number, whose first byte has its highest bit set; of the latter, the
     * lowest 64 bits.
     */
    private long number(int offset, int length, String field) throws TarFieldException {
        if (block[offset] >= 0) {
            return octal(offset, length, field);
        }
        long value = block[offset] & 0x7f;
        for (int i = offset + 1; i < offset + length; i++) {
            value = value << Byte.SIZE | (block[i] & 0xff);
        }
        return value;
    }

    /** Reads an octal number: digits, with white space around them, up to the first zero byte. */
    private long octal(int offset, int length, String field) throws TarFieldException {
        int end = offset;
        while (end < offset + length && block[end] != 0) {
            end++;
        }
        int start = offset;
        while (start < end && isSpace(block[start])) {
            start++;
        }
        while (end > start && isSpace(block[end - 1])) {
            end--;
        }
        if (end - start > 1 && block[start] == '+') { // as Rust and C read numbers
            start++;
        }
        long value = 0;
        for (int i = start; i < end; i++) {
            int digit = block[i] - '0';
            if (digit < 0 || digit > 7 || value >>> (Long.SIZE - 3) != 0) {
                throw new TarFieldException("its " + field + " is not an octal number");
            }
            value = value << 3 | digit;
        }
        return value;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || (b >= '\t' && b <= '\r');
    }
}
