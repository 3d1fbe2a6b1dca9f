package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ListOptions;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A garbage collection in a store without locks, guarded by the age of objects; all times are of the store's clock. */
final class BucketSweep implements ObjectStore.Sweep {
    private static final BlobKey MARK = BlobKey.of(".split/collection");
    private static final BlobKey CANDIDATES = BlobKey.of(".split/candidates");

    /** The most bytes of the list of candidates; about a million ids of SHA-256. The others wait for the next list. */
    private static final int MAX_CANDIDATES = 64 << 20;

    /** Objects listed, or deleted, with one request. */
    private static final int PER_REQUEST = 1000;

    private final BlobStoreObjects objects;
    private final BlobStore store;
    private final Instant limit;
    private final Set<ObjectId> before;

    private BucketSweep(BlobStoreObjects objects, BlobStore store, Instant limit, Set<ObjectId> before) {
        this.objects = objects;
        this.store = store;
        this.limit = limit;
        this.before = before;
    }

    static BucketSweep begin(BlobStoreObjects objects, BlobStore store, Duration grace) throws IOException {
        store.store(MARK, BlobSource.of(StandardCharsets.UTF_8.encode("")));
        Instant now = store.head(MARK).lastModified();
        Instant oldest = now;
        try (BlobListing sessions = store.list(ListOptions.prefix(BucketSession.PREFIX))) {
            while (sessions.hasNext()) {
                if (sessions.next() instanceof BlobListing.Blob session) {
                    Instant shown = session.lastModified().orElse(now);
                    if (shown.isBefore(now.minus(grace))) {
                        store.delete(session.key()); // its process is dead, or relies on objects that are younger
                    } else {
                        Instant began = began(objects, session, shown);
                        oldest = began.isBefore(oldest) ? began : oldest;
                    }
                }
            }
        }
        Set<ObjectId> before = objects.firstBytes(CANDIDATES.toString(), MAX_CANDIDATES)
                .orElse("")
                .lines()
                .filter(line -> ObjectId.isId(objects.hash(), line))
                .map(line -> ObjectId.parse(objects.hash(), line))
                .collect(Collectors.toCollection(HashSet::new));
        return new BucketSweep(objects, store, oldest.minus(grace), before);
    }

    private static Instant began(BlobStoreObjects objects, BlobListing.Blob session, Instant shown) throws IOException {
        try {
            String text = objects.text(session.name(), 100).orElse("");
            return text.isEmpty() ? shown : Instant.parse(text);
        } catch (DateTimeException e) {
            return shown;
        }
    }

    @Override
    public boolean mayDelete(StoredObject unreferenced) {
        return unreferenced.stored().isBefore(limit) && before.contains(unreferenced.id());
    }

    /**
     * Lists the objects again, and deletes those of each page at once that still may be: a writer whose session began
     * after this collection has stored again what it found to be old.
     */
    @Override
    public Collection<StoredObject> delete(Collection<StoredObject> unreferenced) throws IOException {
        if (unreferenced.isEmpty()) {
            return List.of();
        }
        Deletion deletion = new Deletion(unreferenced);
        objects.forEachObject(deletion);
        deletion.flush();
        return deletion.deleted;
    }

    private final class Deletion implements ObjectStore.ObjectVisitor {
        private final List<StoredObject> deleted = new ArrayList<>();
        private final Set<ObjectId> ids;
        private final List<BlobKey> batch = new ArrayList<>();
        private int listed;

        Deletion(Collection<StoredObject> unreferenced) {
            ids = unreferenced.stream().map(StoredObject::id).collect(Collectors.toCollection(HashSet::new));
        }

        @Override
        public void object(StoredObject object) throws IOException {
            if (ids.contains(object.id()) && mayDelete(object)) {
                batch.add(BlobKey.of(RepositoryPaths.object(object.id())));
                deleted.add(object);
            }
            if (++listed % PER_REQUEST == 0) {
                flush();
            }
        }

        void flush() throws IOException {
            if (!batch.isEmpty()) {
                store.delete(batch).throwIfFailed();
                batch.clear();
            }
        }
    }

    @Override
    public void remember(Collection<StoredObject> unreferenced) throws IOException {
        String ids = unreferenced.stream()
                .limit(MAX_CANDIDATES / (2L * objects.hash().bytes() + 1))
                .map(object -> object.id().hex() + "\n")
                .collect(Collectors.joining());
        store.store(CANDIDATES, BlobSource.of(StandardCharsets.UTF_8.encode(ids)));
    }

    @Override
    public void close() {}
}
