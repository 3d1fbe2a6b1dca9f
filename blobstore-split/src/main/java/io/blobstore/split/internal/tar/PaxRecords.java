package io.blobstore.split.internal.tar;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The records of a pax extended header, as far as they matter for splitting: {@code LENGTH KEY=VALUE\n}, with the
 * decimal length of the whole record.
 */
final class PaxRecords {
    private final byte[] data;
    private @Nullable String path;
    private @Nullable String sparseName;
    private long size = -1;
    private boolean isSparse;
    private boolean hasSparseOffset;
    private String sparseMajor = "";
    private String sparseMinor = "";

    private PaxRecords(byte[] data) {
        this.data = data;
    }

    /**
     * Reads records. As in composefs-rs, they end where the next one does not begin with a number and a space.
     *
     * @throws TarFieldException if a record is not well-formed, or a number is not one
     */
    static PaxRecords parse(byte[] data) throws TarFieldException {
        PaxRecords records = new PaxRecords(data);
        int at = 0;
        while (at < data.length) {
            int space = records.indexOf(' ', at, data.length);
            long length = space < 0 ? -1 : decimal(records.text(at, space));
            if (length < 0) {
                break;
            }
            if (length > data.length - at || length <= space - at + 1 || data[at + (int) length - 1] != '\n') {
                throw new TarFieldException("a record of its pax header has a wrong length");
            }
            int end = at + (int) length;
            records.add(space + 1, end - 1);
            at = end;
        }
        return records;
    }

    /** Returns the name of the entry; null if there is none. */
    @Nullable String path() {
        return sparseName != null ? sparseName : path;
    }

    /** Returns the size of the entry's content in bytes; -1 if there is none. */
    long size() {
        return size;
    }

    /** Returns whether the entry is a sparse file of GNU tar, in any of the three formats with a map. */
    boolean isSparse() {
        return isSparse || (decimal(sparseMajor) == 1 && decimal(sparseMinor) == 0);
    }

    private void add(int start, int end) throws TarFieldException {
        int equals = indexOf('=', start, end);
        if (equals < 0) {
            throw new TarFieldException("a record of its pax header has no '='");
        }
        String key = utf8(start, equals, "a key of its pax header");
        int value = equals + 1;
        switch (key) {
            case "path" -> path = text(value, end);
            case "size" -> size = number(key, value, end);
            case "uid", "gid", "GNU.sparse.realsize", "GNU.sparse.size" -> number(key, value, end);
            case "mtime" -> {
                int dot = indexOf('.', value, end);
                number(key, value, dot < 0 ? end : dot);
            }
            case "GNU.sparse.name" -> sparseName = text(value, end);
            case "GNU.sparse.major" -> sparseMajor = digits(key, value, end);
            case "GNU.sparse.minor" -> sparseMinor = digits(key, value, end);
            case "GNU.sparse.map" -> isSparse = true;
            case "GNU.sparse.offset" -> {
                number(key, value, end);
                hasSparseOffset = true;
            }
            case "GNU.sparse.numbytes" -> {
                number(key, value, end);
                isSparse |= hasSparseOffset;
            }
            default -> {
                // describes the file, or something unknown
            }
        }
    }

    private String digits(String key, int start, int end) throws TarFieldException {
        number(key, start, end);
        return text(start, end);
    }

    private long number(String key, int start, int end) throws TarFieldException {
        long value = decimal(text(start, end));
        if (value < 0) {
            throw new TarFieldException("'" + key + "' of its pax header is not a possible number");
        }
        return value;
    }

    /** Returns a decimal number of 63 bits, or -1 if a text is none. */
    private static long decimal(String text) {
        String digits = text.startsWith("+") ? text.substring(1) : text;
        if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return -1; // more than 63 bits
        }
    }

    private String text(int start, int end) {
        return new String(data, start, end - start, StandardCharsets.UTF_8);
    }

    private String utf8(int start, int end, String what) throws TarFieldException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(data, start, end - start))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new TarFieldException(what + " is not UTF-8");
        }
    }

    private int indexOf(char wanted, int start, int end) {
        for (int i = start; i < end; i++) {
            if (data[i] == wanted) {
                return i;
            }
        }
        return -1;
    }
}
