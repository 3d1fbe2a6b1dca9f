package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLongArray;

/** The sizes of the objects that a stream refers to, asked for in parallel. */
final class ObjectSizes {
    private static final long MISSING = -1;
    private static final int PER_UNIT = 16;

    private final AtomicLongArray sizes;

    private ObjectSizes(int count) {
        sizes = new AtomicLongArray(count);
    }

    /** Finds the sizes; returns when all are known. Missing objects fail when their size is asked for. */
    static ObjectSizes find(ObjectStore store, ObjectRefs refs, WorkQueue queue, TransferContext context)
            throws IOException, InterruptedException {
        int count = Math.toIntExact(refs.count());
        ObjectSizes found = new ObjectSizes(count);
        for (int first = 0; first < count; first += PER_UNIT) {
            ObjectId[] ids = new ObjectId[Math.min(PER_UNIT, count - first)];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = refs.get(first + i);
            }
            int start = first;
            queue.submit(scratch -> {
                for (int i = 0; i < ids.length; i++) {
                    ObjectId id = ids[i];
                    long size = context.retrying("find object", () -> store.find(id))
                            .map(StoredObject::size)
                            .orElse(MISSING);
                    found.sizes.set(start + i, size);
                }
            });
            queue.awaitRoom(1024);
        }
        queue.awaitAll();
        return found;
    }

    /**
     * Returns the size of the object with an index.
     *
     * @throws MissingObjectException if the store does not have it
     */
    long size(long index, ObjectId id) throws MissingObjectException {
        long size = sizes.get(Math.toIntExact(index));
        if (size == MISSING) {
            throw new MissingObjectException(id, null);
        }
        return size;
    }
}
