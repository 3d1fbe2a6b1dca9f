package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * What the streams of a repository are, and what they share.
 *
 * @param streams the number of streams
 * @param logicalBytes the sum of what they merge to
 * @param objects the number of objects, streams included
 * @param storedBytes their bytes
 * @param sharedObjects the objects to which two or more streams refer
 * @param sharedBytes their bytes
 */
public record RepositoryStat(
        long streams, long logicalBytes, long objects, long storedBytes, long sharedObjects, long sharedBytes) {
    static RepositoryStat of(Repository repository) throws IOException {
        Map<ObjectId, Integer> uses = new HashMap<>();
        long streams = 0;
        long logical = 0;
        for (String name : repository.streams()) {
            StreamObjects stream = StreamObjects.read(repository, name);
            streams++;
            logical += stream.bytes();
            stream.objects().forEach(id -> uses.merge(id, 1, Integer::sum));
        }
        Totals totals = new Totals(uses);
        repository.objects().forEachObject(totals);
        return new RepositoryStat(
                streams, logical, totals.objects, totals.bytes, totals.sharedObjects, totals.sharedBytes);
    }

    /** Returns the statistics as a JSON object. */
    public String toJson() {
        return new JsonText()
                .add("streams", streams)
                .add("logicalBytes", logicalBytes)
                .add("objects", objects)
                .add("storedBytes", storedBytes)
                .add("sharedObjects", sharedObjects)
                .add("sharedBytes", sharedBytes)
                .end();
    }

    private static final class Totals implements ObjectStore.ObjectVisitor {
        private final Map<ObjectId, Integer> uses;
        private long objects;
        private long bytes;
        private long sharedObjects;
        private long sharedBytes;

        Totals(Map<ObjectId, Integer> uses) {
            this.uses = uses;
        }

        @Override
        public void object(StoredObject object) {
            objects++;
            bytes += object.size();
            if (uses.getOrDefault(object.id(), 0) > 1) {
                sharedObjects++;
                sharedBytes += object.size();
            }
        }
    }
}
