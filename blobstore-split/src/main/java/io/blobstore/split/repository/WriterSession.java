package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a writer does in a session, with retries. Objects that are too old to rely upon are renewed, and confirmed at
 * the end: a collection that had seen them before may have deleted them meanwhile. Thread-safe.
 */
record WriterSession(ObjectStore store, ObjectStore.Session session, TransferContext context, Queue<ObjectId> renewed) {
    private static final Logger LOG = LoggerFactory.getLogger(WriterSession.class);

    /** Objects that a worker confirms in one unit. */
    private static final int PER_UNIT = 16;

    WriterSession(ObjectStore store, ObjectStore.Session session, TransferContext context) {
        this(store, session, context, new ConcurrentLinkedQueue<>());
    }

    /** Begins a session, to be closed by the caller. */
    static ObjectStore.Session begin(ObjectStore store, TransferContext context)
            throws IOException, InterruptedException {
        UUID id = UUID.randomUUID(); // the same one for all attempts: one that seemed to fail may have left its blob
        return context.retrying("begin session", () -> store.beginSession(id));
    }

    /** Shows others that this writer is alive, if it is time for that. */
    void keepAlive() throws IOException, InterruptedException {
        try {
            session.keepAlive();
        } catch (IOException e) { // repeated only then: a permit for each call would cost more than the call
            context.retrying("keep session", () -> {
                session.keepAlive();
                return true;
            });
        }
    }

    Optional<StoredObject> find(ObjectId id) throws IOException, InterruptedException {
        return context.retrying("find object", () -> store.find(id));
    }

    /**
     * Makes an object young that is not protected.
     *
     * @return the object, if it is protected now; empty if it is gone, or the store cannot renew it
     */
    Optional<StoredObject> renew(ObjectId id) throws IOException, InterruptedException {
        try {
            context.retrying("renew object", () -> {
                store.renew(id);
                return id;
            });
        } catch (BlobStoreException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            return Optional.empty(); // it has to be stored again
        }
        // Not every store changes the time of a copy onto itself.
        Optional<StoredObject> found = find(id).filter(session::protects);
        found.ifPresent(object -> renewed.add(id));
        return found;
    }

    /** Remembers that an object was stored again, as it was not protected. */
    void storedAgain(ObjectId id) {
        renewed.add(id);
    }

    /**
     * Waits until no collection can delete any more what was renewed, and requires that it is there. To be called by
     * the owner of the queue, when nothing else is renewed any more.
     *
     * @throws CollectedObjectException if a collection was faster
     */
    void confirm(WorkQueue queue) throws IOException, InterruptedException {
        if (renewed.isEmpty() || context.retrying("await deletions", session::settle)) {
            return;
        }
        while (!renewed.isEmpty()) {
            queue.submit(scratch -> {
                for (int i = 0; i < PER_UNIT; i++) {
                    ObjectId id = renewed.poll();
                    if (id != null && find(id).isEmpty()) {
                        throw new CollectedObjectException(id);
                    }
                }
            });
            queue.awaitRoom(2 * queue.threads());
        }
        queue.awaitAll();
    }

    /** Ends the session. A failure is logged: a garbage collection takes it for one that is alive, until it is old. */
    void end(String description) throws InterruptedException {
        try {
            context.retrying("end session", () -> {
                session.close();
                return description;
            });
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: its session was not ended; a garbage collection waits until it is old", description, e);
        }
    }

    /** Makes sure that a stream's link, which was just set or found, exists when all deletions have ended. */
    void keepLink(String name, String target) throws IOException, InterruptedException {
        if (context.retrying("await deletions", session::settle)) {
            return;
        }
        context.retrying("find stream", () -> {
            if (store.link(name).isEmpty()) {
                store.setLink(name, target); // what it leads to is young: nothing deletes it again
            }
            return name;
        });
    }
}
