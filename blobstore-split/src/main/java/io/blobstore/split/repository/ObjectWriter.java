package io.blobstore.split.repository;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobSource;
import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Puts the objects of one split into a store, each id once: whoever meets an id first stores it, the others go on, as
 * the split ends only when all objects are stored. Thread-safe.
 *
 * <pre>
 *   claimed ► found? ─yes► right size, undamaged? ─yes► young? ─yes► present
 *                │                      │                 └─no──► renewed, or stored again
 *                │                      └─no──► replaced, if it may be
 *                └─no──► put if absent ─lost the race► found? …
 * </pre>
 */
final class ObjectWriter implements Closeable {
    /** How often an object may vanish between two requests before that counts as a failure. */
    private static final int MAX_ROUNDS = 5;

    /** In bytes; smaller objects are stored by one request. */
    private static final long PARTS_FROM = 16 << 20;

    private final ObjectStore store;
    private final WriterSession session;
    private final TransferContext context;
    private final WorkQueue queue;
    private final boolean heal;
    private final SplitCounters counters;
    private final Set<ObjectId> claimed = ConcurrentHashMap.newKeySet();
    /** What was begun in parts, and not completed. */
    private final Set<ObjectStore.ObjectParts> incomplete = ConcurrentHashMap.newKeySet();

    ObjectWriter(
            WriterSession session, TransferContext context, WorkQueue queue, boolean heal, SplitCounters counters) {
        this.store = session.store();
        this.session = session;
        this.context = context;
        this.queue = queue;
        this.heal = heal;
        this.counters = counters;
    }

    /** Makes sure that the store has an object; returns at once if another worker does. */
    void write(ObjectId id, BlobSource content, Scratch scratch) throws IOException, InterruptedException {
        session.keepAlive();
        if (!claimed.add(id) || !writeFirst(id, content, scratch)) {
            counters.present(content.size());
        } else {
            counters.stored(content.size());
        }
    }

    /** Shows others that this split is alive, if it is time for that. */
    void keepAlive() throws IOException, InterruptedException {
        session.keepAlive();
    }

    /** Returns false if the object was present. */
    private boolean writeFirst(ObjectId id, BlobSource content, Scratch scratch)
            throws IOException, InterruptedException {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            Optional<StoredObject> found = session.find(id);
            if (found.isEmpty()) {
                if (put(id, content, false)) {
                    return true;
                }
                continue; // another writer was faster, or the answer to an earlier attempt was lost
            }
            if (isDamaged(found.get(), content.size(), scratch)) {
                if (!heal) {
                    throw new DamagedObjectException(
                            id,
                            "it has " + found.get().size() + " bytes in the repository, but must have "
                                    + content.size());
                }
                return put(id, content, true);
            }
            if (!session.session().protects(found.get()) && session.renew(id).isEmpty()) {
                put(id, content, true); // so that it is young
                session.storedAgain(id);
            }
            return false;
        }
        throw new RepositoryBusyException("the object " + id + " was stored and deleted " + MAX_ROUNDS
                + " times meanwhile: something else deletes objects");
    }

    private boolean isDamaged(StoredObject found, long size, Scratch scratch) throws IOException, InterruptedException {
        return found.size() != size
                || (heal
                        && !context.retrying(
                                "check object", () -> Verification.isIntact(store, found, scratch.digest())));
    }

    private boolean put(ObjectId id, BlobSource content, boolean replace) throws IOException, InterruptedException {
        if (content.size() >= PARTS_FROM) {
            Optional<ObjectStore.ObjectParts> begun = beginParts(id, content.size(), replace);
            if (begun.isPresent()) {
                return putParts(begun.get(), content);
            }
        }
        return context.retrying(
                "put object", () -> context.withinBudget(content.size(), () -> store.put(id, content, replace)));
    }

    private Optional<ObjectStore.ObjectParts> beginParts(ObjectId id, long size, boolean replace)
            throws IOException, InterruptedException {
        try {
            return context.retrying("begin object", () -> {
                Optional<ObjectStore.ObjectParts> begun = store.beginParts(id, size, replace);
                begun.ifPresent(incomplete::add);
                return begun;
            });
        } catch (BlobAlreadyExistsException e) {
            return Optional.empty(); // as a put reports it
        }
    }

    private boolean putParts(ObjectStore.ObjectParts parts, BlobSource content)
            throws IOException, InterruptedException {
        boolean completed = new PartsPut(parts, content, session::keepAlive, context, queue).run();
        if (completed) {
            incomplete.remove(parts);
        }
        return completed;
    }

    /** Discards the parts of objects that were not completed. No worker may be active any more. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (ObjectStore.ObjectParts parts : incomplete) {
            try {
                parts.close();
            } catch (IOException e) {
                if (failure != null) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        incomplete.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
