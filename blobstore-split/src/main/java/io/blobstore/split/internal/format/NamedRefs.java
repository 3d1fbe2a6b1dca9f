package io.blobstore.split.internal.format;

import io.blobstore.split.ObjectId;
import io.blobstore.split.SplitStreamException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads and writes the section of names: for each one the index of a stream's id, a colon, the name, and a zero byte.
 */
final class NamedRefs {
    /** The largest section, in bytes before compression. */
    static final int MAX_BYTES = 16 << 20;

    /** The largest number of names: each one takes some 100 bytes more on the heap than in the section. */
    static final int MAX_NAMES = 100_000;

    /** The number of characters of a wrong index that the message of an error shows. */
    private static final int MAX_SHOWN = 40;

    private final StreamChannel stream;
    private final ObjectRefs ids;
    private final SortedMap<String, ObjectId> names = new TreeMap<>();
    private final byte[] bytes = new byte[FrameReader.BUFFER];
    private final ByteArrayOutputStream name = new ByteArrayOutputStream();
    private int entries;

    private NamedRefs(StreamChannel stream, ObjectRefs ids) {
        this.stream = stream;
        this.ids = ids;
    }

    /**
     * Reads a section.
     *
     * @throws SplitStreamException if it is damaged
     * @throws io.blobstore.split.UnsupportedSplitStreamException if it exceeds a limit
     */
    static SortedMap<String, ObjectId> read(StreamChannel stream, Section section, ObjectRefs ids) throws IOException {
        NamedRefs refs = new NamedRefs(stream, ids);
        try (FrameReader reader = new FrameReader(stream, section, "names")) {
            long bytes = 0;
            for (ByteBuffer piece = reader.next(); piece.hasRemaining(); piece = reader.next()) {
                bytes += piece.remaining();
                if (bytes > MAX_BYTES) {
                    throw stream.unsupported("its names have more than " + MAX_BYTES + " bytes");
                }
                refs.add(piece);
            }
        }
        stream.require(refs.name.size() == 0, "its last name does not end with a zero byte");
        return Collections.unmodifiableSortedMap(refs.names);
    }

    private void add(ByteBuffer piece) throws IOException {
        int length = piece.remaining();
        piece.get(bytes, 0, length);
        int start = 0;
        for (int at = 0; at < length; at++) {
            if (bytes[at] == 0) {
                name.write(bytes, start, at - start);
                addEntry(name.toByteArray());
                name.reset();
                start = at + 1;
            }
        }
        name.write(bytes, start, length - start);
    }

    private void addEntry(byte[] bytes) throws IOException {
        if (++entries > MAX_NAMES) {
            throw stream.unsupported("it has more than " + MAX_NAMES + " names");
        }
        String entry = decode(bytes);
        int colon = entry.indexOf(':');
        stream.require(colon >= 0, "one of its names lacks the colon after the index");
        names.put(entry.substring(colon + 1), ids.get(index(entry.substring(0, colon)))); // the last of a name counts
    }

    private String decode(byte[] bytes) throws SplitStreamException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw stream.damaged("one of its names is not UTF-8", e);
        }
    }

    private long index(String digits) throws SplitStreamException {
        long index = -1;
        if (!digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            try {
                index = Long.parseLong(digits);
            } catch (NumberFormatException e) {
                index = -1; // more digits than any index has
            }
        }
        if (index < 0 || index >= ids.count()) {
            String shown = digits.substring(0, Math.min(digits.length(), MAX_SHOWN));
            throw stream.damaged(
                    "a name has the index '" + shown + "', and there are " + ids.count() + " ids of streams", null);
        }
        return index;
    }
}
