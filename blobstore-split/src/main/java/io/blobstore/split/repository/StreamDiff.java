package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.util.function.Predicate;

/**
 * The objects that two streams share, and those that only one of them has.
 *
 * @param onlyA what only the first stream has
 * @param onlyB what only the second stream has
 * @param shared what both have
 */
public record StreamDiff(Total onlyA, Total onlyB, Total shared) {
    /**
     * Some objects.
     *
     * @param objects their number
     * @param bytes their bytes
     */
    public record Total(long objects, long bytes) {}

    static StreamDiff of(StreamObjects a, StreamObjects b, ObjectStore store) throws IOException {
        return new StreamDiff(
                total(a, id -> !b.objects().contains(id), store),
                total(b, id -> !a.objects().contains(id), store),
                total(a, b.objects()::contains, store));
    }

    private static Total total(StreamObjects stream, Predicate<ObjectId> filter, ObjectStore store) throws IOException {
        long objects = 0;
        long bytes = 0;
        for (ObjectId id : stream.objects()) {
            if (filter.test(id)) {
                objects++;
                bytes += store.find(id)
                        .orElseThrow(() -> new MissingObjectException(id, null))
                        .size();
            }
        }
        return new Total(objects, bytes);
    }
}
