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
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A garbage collection in a store without locks, guarded by the age of objects; all times are of the store's clock. */
final class BucketSweep implements ObjectStore.Sweep {
    private static final BlobKey MARK = BlobKey.of(".split/collection");
    private static final BlobKey CANDIDATES = BlobKey.of(".split/candidates");

    /** The most bytes of the list of candidates; about a million ids of SHA-256. */
    private static final int MAX_CANDIDATES = 64 << 20;

    private final BlobStore store;
    private final Instant limit;
    private final Set<ObjectId> before;

    private BucketSweep(BlobStore store, Instant limit, Set<ObjectId> before) {
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
        Set<ObjectId> before = objects.text(CANDIDATES.toString(), MAX_CANDIDATES)
                .orElse("")
                .lines()
                .filter(line -> ObjectId.isId(objects.hash(), line))
                .map(line -> ObjectId.parse(objects.hash(), line))
                .collect(Collectors.toCollection(HashSet::new));
        return new BucketSweep(store, oldest.minus(grace), before);
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

    @Override
    public void delete(Collection<StoredObject> objects) throws IOException {
        List<BlobKey> keys = objects.stream()
                .map(object -> BlobKey.of(RepositoryPaths.object(object.id())))
                .toList();
        store.delete(keys).throwIfFailed();
    }

    @Override
    public void remember(Collection<StoredObject> unreferenced) throws IOException {
        String ids =
                unreferenced.stream().map(object -> object.id().hex() + "\n").collect(Collectors.joining());
        store.store(CANDIDATES, BlobSource.of(StandardCharsets.UTF_8.encode(ids)));
    }

    @Override
    public void close() {}
}
