package io.blobstore.split.internal.format;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The ids in a section of a stream. Reads them when they are needed, and keeps at most 16 MiB, however large the
 * section is. Not thread-safe.
 */
public final class ObjectRefs {
    /** A multiple of the length of each kind of id. */
    private static final int PAGE = 64 * 1024;

    private static final int MAX_PAGES = 256;

    private final StreamChannel stream;
    private final ObjectHash hash;
    private final Section section;
    /** Page n is kept at n modulo the length of the array, until another page needs the place. */
    private final byte[][] pages;

    private final long[] numbers;

    ObjectRefs(StreamChannel stream, ObjectHash hash, Section section) {
        this.stream = stream;
        this.hash = hash;
        this.section = section;
        this.pages = new byte[(int) Math.min(MAX_PAGES, (section.length() + PAGE - 1) / PAGE)][];
        this.numbers = new long[pages.length];
    }

    /** Returns the number of ids. */
    public long count() {
        return section.length() / hash.bytes();
    }

    /**
     * Returns an id.
     *
     * @throws IndexOutOfBoundsException if the index is not below {@link #count()}
     * @throws IOException if the ids cannot be read
     */
    public ObjectId get(long index) throws IOException {
        long offset = Objects.checkIndex(index, count()) * hash.bytes();
        return ObjectId.of(hash, page(offset / PAGE), (int) (offset % PAGE), hash.bytes());
    }

    private byte[] page(long number) throws IOException {
        int place = (int) (number % pages.length);
        if (pages[place] == null || numbers[place] != number) {
            long start = section.start() + number * PAGE;
            byte[] page = new byte[(int) Math.min(PAGE, section.end() - start)];
            stream.readFully(ByteBuffer.wrap(page), start);
            pages[place] = page;
            numbers[place] = number;
        }
        return pages[place];
    }
}
