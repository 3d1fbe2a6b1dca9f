package io.blobstore.split.internal.format;

import io.blobstore.BlobSource;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The ids of a section that is being written: each one once, in the order of their first appearance. Needs the bytes of
 * an id and at most 16 more for each. Not thread-safe.
 */
final class RefTable {
    private static final int PAGE = 64 * 1024;

    private final ObjectHash hash;
    private final int idsPerPage;
    private final List<byte[]> pages = new ArrayList<>();
    private final byte[] candidate;
    private int count;
    /** Indices plus one, by hash with linear probing; 0 for a free place. A power of two, at most half full. */
    private int[] places = new int[64];

    RefTable(ObjectHash hash) {
        this.hash = hash;
        this.idsPerPage = PAGE / hash.bytes();
        this.candidate = new byte[hash.bytes()];
    }

    /** Returns the number of ids. */
    int count() {
        return count;
    }

    /** Returns the index of an id, which is added if it is new. */
    int indexOf(ObjectId id) {
        if (id.hash() != hash) {
            throw new IllegalArgumentException(id + " is not of " + hash.label());
        }
        id.copyTo(candidate, 0);
        int place = find(candidate, 0);
        if (places[place] == 0) {
            places[place] = append(candidate) + 1;
            if (count > places.length / 2) {
                grow();
            }
            return count - 1;
        }
        return places[place] - 1;
    }

    /** Returns the ids' bytes, which later additions do not change. */
    BlobSource content() {
        List<BlobSource> sources = new ArrayList<>();
        for (int page = 0, left = count; page < pages.size(); page++, left -= idsPerPage) {
            int bytes = Math.min(left, idsPerPage) * hash.bytes();
            sources.add(BlobSource.of(ByteBuffer.wrap(pages.get(page), 0, bytes)));
        }
        return BlobSource.concat(sources);
    }

    private int append(byte[] id) {
        if (count == 1 << 29) {
            throw new IllegalStateException("a split stream of more than " + count + " different objects");
        }
        if (count % idsPerPage == 0) {
            pages.add(new byte[PAGE]);
        }
        System.arraycopy(id, 0, pages.get(count / idsPerPage), count % idsPerPage * hash.bytes(), hash.bytes());
        return count++;
    }

    /** Returns the place of an id, or the free place for it. */
    private int find(byte[] array, int offset) {
        int place = hashCode(array, offset) & (places.length - 1);
        while (places[place] != 0 && !isAt(places[place] - 1, array, offset)) {
            place = (place + 1) & (places.length - 1);
        }
        return place;
    }

    /** Returns four bytes of an id, whose bytes are distributed evenly. */
    private static int hashCode(byte[] array, int offset) {
        return array[offset] << 24
                | (array[offset + 1] & 0xff) << 16
                | (array[offset + 2] & 0xff) << 8
                | (array[offset + 3] & 0xff);
    }

    private boolean isAt(int index, byte[] array, int offset) {
        int at = index % idsPerPage * hash.bytes();
        return Arrays.equals(
                pages.get(index / idsPerPage), at, at + hash.bytes(), array, offset, offset + hash.bytes());
    }

    private void grow() {
        places = new int[places.length * 2];
        for (int index = 0; index < count; index++) {
            places[find(pages.get(index / idsPerPage), index % idsPerPage * hash.bytes())] = index + 1;
        }
    }
}
