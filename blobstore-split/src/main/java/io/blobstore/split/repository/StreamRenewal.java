package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Makes streams that are there safe from collections, before something refers to them: with all of their objects and
 * the streams to which they refer. Asks for each object, and renews what is too old to rely upon. Used by the owner of
 * the queue.
 */
final class StreamRenewal {
    private static final int PER_UNIT = 16;

    private final WriterSession session;
    private final WorkQueue queue;
    private final Set<ObjectId> seen = new HashSet<>();
    private final ArrayDeque<ObjectId> unread = new ArrayDeque<>();

    StreamRenewal(WriterSession session, WorkQueue queue) {
        this.session = session;
        this.queue = queue;
    }

    /**
     * Renews a stream. {@link WriterSession#confirm} must follow, before anything refers to it.
     *
     * @param name the stream's name, for messages of errors
     * @throws MissingObjectException if one of the objects is missing
     * @throws DamagedObjectException if the stream itself is damaged, or an object that had to be stored again
     */
    void renew(ObjectId stream, String name) throws IOException, InterruptedException {
        add(stream);
        for (ObjectId id = unread.poll(); id != null; id = unread.poll()) {
            readStream(id, name);
        }
        queue.awaitAll();
    }

    private void add(ObjectId stream) {
        if (seen.add(stream)) {
            unread.add(stream);
        }
    }

    private void readStream(ObjectId id, String name) throws IOException, InterruptedException {
        ObjectStore store = session.store();
        Scratch scratch = new Scratch(store.hash());
        require(id, scratch);
        Optional<SplitStreamReader> opened = session.context()
                .retrying("read stream", () -> StreamReferences.open(store, id, name, scratch.digest()));
        if (opened.isEmpty()) {
            return;
        }
        try (SplitStreamReader stream = opened.get()) {
            ObjectRefs objects = stream.objectRefs();
            for (long first = 0; first < objects.count(); first += PER_UNIT) {
                ObjectId[] ids = new ObjectId[(int) Math.min(PER_UNIT, objects.count() - first)];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = objects.get(first + i);
                }
                queue.submit(worker -> {
                    for (ObjectId object : ids) {
                        require(object, worker);
                    }
                });
                queue.awaitRoom(2 * queue.threads());
            }
            ObjectRefs streams = stream.streamRefs();
            for (long i = 0; i < streams.count(); i++) {
                add(streams.get(i));
            }
        }
    }

    private void require(ObjectId id, Scratch scratch) throws IOException, InterruptedException {
        session.keepAlive();
        StoredObject found = session.find(id).orElseThrow(() -> new MissingObjectException(id, null));
        if (!session.session().protects(found) && session.renew(id).isEmpty()) {
            storeAgain(session.find(id).orElseThrow(() -> new CollectedObjectException(id)), scratch);
        }
    }

    /** Sends an object that the store cannot renew. */
    private void storeAgain(StoredObject object, Scratch scratch) throws IOException, InterruptedException {
        ObjectStore store = session.store();
        try (ObjectCopy copy =
                session.context().retrying("read object", () -> ObjectCopy.of(store, object, scratch.digest()))) {
            session.context()
                    .retrying(
                            "put object",
                            () -> session.context()
                                    .withinBudget(object.size(), () -> store.put(object.id(), copy.content(), true)));
        }
        session.storedAgain(object.id());
    }
}
