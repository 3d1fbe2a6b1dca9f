package io.blobstore.split;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes tar archives by hand, and computes the chunks that a splitter must make of them. Not thread-safe.
 *
 * <p>Objects are numbered by their content.
 */
final class TarBuilder {
    static final int BLOCK = 512;

    /** The formats of headers. */
    enum Magic {
        USTAR("ustar\0" + "00"),
        GNU("ustar  \0"),
        V7("\0\0\0\0\0\0\0\0");

        private final String text;

        Magic(String text) {
            this.text = text;
        }
    }

    private final ByteArrayOutputStream archive = new ByteArrayOutputStream();
    private final List<String> chunks = new ArrayList<>();
    private final Map<ByteBuffer, Integer> objects = new HashMap<>();
    private final int inlineUpTo;
    private int inlineBytes;

    TarBuilder(int inlineUpTo) {
        this.inlineUpTo = inlineUpTo;
    }

    private void inline(byte[] bytes) {
        archive.writeBytes(bytes);
        inlineBytes += bytes.length;
    }

    private void endInline() {
        if (inlineBytes > 0) {
            chunks.add("i" + inlineBytes);
            inlineBytes = 0;
        }
    }

    /** Adds a header with a checksum; the size is written as base 256 if it is negative, as its complement. */
    TarBuilder header(String name, char type, long size, Magic magic) {
        byte[] block = new byte[BLOCK];
        put(block, 0, name);
        put(block, 100, "0000644");
        put(block, 108, "0001750");
        put(block, 116, "0001750");
        if (size < 0) {
            ByteBuffer.wrap(block, 124, 12).put((byte) 0x80).put(new byte[3]).putLong(~size);
        } else {
            put(block, 124, String.format("%011o", size));
        }
        put(block, 136, "14371573700");
        block[156] = (byte) type;
        put(block, 257, magic.text);
        return checked(block);
    }

    private TarBuilder checked(byte[] block) {
        put(block, 148, "        ");
        int sum = 0;
        for (byte b : block) {
            sum += b & 0xff;
        }
        put(block, 148, String.format("%06o\0 ", sum));
        inline(block);
        return this;
    }

    private static void put(byte[] block, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, block, offset, bytes.length);
    }

    /** Adds content that stays inline, and padding of a given byte. */
    TarBuilder inlineContent(byte[] content, int padding) {
        inline(content);
        return pad(content.length, padding);
    }

    /** Adds the content of a regular file. */
    TarBuilder file(byte[] content, int padding) {
        if (content.length <= inlineUpTo) {
            return inlineContent(content, padding);
        }
        endInline();
        archive.writeBytes(content);
        chunks.add("e" + objects.computeIfAbsent(ByteBuffer.wrap(content), c -> objects.size()));
        return pad(content.length, padding);
    }

    private TarBuilder pad(int length, int padding) {
        byte[] bytes = new byte[(BLOCK - length % BLOCK) % BLOCK];
        Arrays.fill(bytes, (byte) padding);
        inline(bytes);
        return this;
    }

    /** Adds a long name of the next entry, as GNU tar does. */
    TarBuilder longName(String name, char type) {
        byte[] content = (name + "\0").getBytes(StandardCharsets.UTF_8);
        return header("././@LongLink", type, content.length, Magic.GNU).inlineContent(content, 0);
    }

    /** Adds a pax header of type x or g. */
    TarBuilder pax(char type, String... keysAndValues) {
        StringBuilder records = new StringBuilder();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            records.append(record(keysAndValues[i] + "=" + keysAndValues[i + 1]));
        }
        byte[] content = records.toString().getBytes(StandardCharsets.UTF_8);
        return header("PaxHeaders/x", type, content.length, Magic.USTAR).inlineContent(content, 0);
    }

    private static String record(String text) {
        int rest = text.getBytes(StandardCharsets.UTF_8).length + 2; // with the space and the line feed
        int length = rest + Integer.toString(rest).length();
        length = rest + Integer.toString(length).length();
        return length + " " + text + "\n";
    }

    /** Adds blocks of zeros. */
    TarBuilder zeros(int blocks) {
        inline(new byte[blocks * BLOCK]);
        return this;
    }

    /** Adds anything, which stays inline. */
    TarBuilder bytes(byte... bytes) {
        inline(bytes);
        return this;
    }

    int size() {
        return archive.size();
    }

    byte[] archive() {
        return archive.toByteArray();
    }

    /** Returns the expected chunks of all that was added. */
    List<String> chunks() {
        List<String> all = new ArrayList<>(chunks);
        if (inlineBytes > 0) {
            all.add("i" + inlineBytes);
        }
        return all;
    }
}
