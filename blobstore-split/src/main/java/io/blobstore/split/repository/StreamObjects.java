package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * The objects to which a stream refers.
 *
 * @param stream the id of the stream
 * @param bytes the size that it merges to
 * @param objects the ids of its objects
 */
record StreamObjects(ObjectId stream, long bytes, Set<ObjectId> objects) {
    static StreamObjects read(Repository repository, String name) throws IOException {
        ObjectId id = repository.stream(name);
        try (SplitStreamReader reader =
                SplitStreamReader.open(StreamChannels.ranges(repository.objects(), id), repository.hash(), name)) {
            ObjectRefs refs = reader.objectRefs();
            Set<ObjectId> objects = new HashSet<>();
            for (long i = 0; i < refs.count(); i++) {
                objects.add(refs.get(i));
            }
            return new StreamObjects(id, reader.header().size(), objects);
        }
    }
}
