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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
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
    private final DeletionMark mark;
    private final LongSupplier clock;
    private final Instant began;
    private final long beganNanos;
    /** Whether a deletion may be announced that was not ended. */
    private boolean announced;

    private long announcedNanos;

    private BucketSweep(
            BlobStoreObjects objects,
            BlobStore store,
            Instant began,
            Instant limit,
            Set<ObjectId> before,
            LongSupplier clock) {
        this.objects = objects;
        this.store = store;
        this.mark = new DeletionMark(store);
        this.clock = clock;
        this.began = began;
        this.beganNanos = clock.getAsLong();
        this.limit = limit;
        this.before = before;
    }

    static BucketSweep begin(BlobStoreObjects objects, BlobStore store, Duration grace) throws IOException {
        return begin(objects, store, grace, System::nanoTime);
    }

    /**
     * Begins a collection.
     *
     * @param clock counts nanoseconds
     */
    static BucketSweep begin(BlobStoreObjects objects, BlobStore store, Duration grace, LongSupplier clock)
            throws IOException {
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
        return new BucketSweep(objects, store, now, oldest.minus(grace), before, clock);
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
    public void announce() throws IOException {
        Optional<String> current = mark.read();
        if (mark.isDeletionOfAnother(current) && !mark.isDead(this::now)) {
            throw new RepositoryBusyException(
                    "another garbage collection deletes objects of " + objects + " at this time; try again later");
        }
        announcedNanos = clock.getAsLong();
        announced = true;
        mark.begin();
    }

    /** Returns false when writers may soon take this process for dead. */
    @Override
    public boolean isAnnounced() {
        return announced && clock.getAsLong() - announcedNanos <= DeletionMark.LIMIT.toNanos();
    }

    private Instant now() {
        return began.plusNanos(clock.getAsLong() - beganNanos);
    }

    /**
     * Lists the objects again, and deletes those of each page at once that still may be: a writer whose session began
     * after this collection has stored again what it found to be old. Each page is a deletion of its own for writers,
     * who wait for its end.
     */
    @Override
    public Collection<StoredObject> delete(Collection<StoredObject> unreferenced) throws IOException {
        NavigableMap<String, StoredObject> left = new TreeMap<>();
        unreferenced.forEach(object -> left.put(RepositoryPaths.object(object.id()), object));
        Set<StoredObject> gone = new LinkedHashSet<>(unreferenced);
        while (!left.isEmpty()) {
            announce();
            Page page = page(left);
            page.kept.forEach(gone::remove);
            if (!page.deletable.isEmpty()) {
                if (!isAnnounced()) {
                    continue;
                }
                store.delete(page.deletable).throwIfFailed();
            }
            left.headMap(page.end, true).clear();
        }
        return gone;
    }

    /**
     * A part of a listing.
     *
     * @param kept the objects that may not be deleted any more
     * @param end the path up to which everything was listed
     */
    private record Page(List<BlobKey> deletable, List<StoredObject> kept, String end) {}

    /** Lists the objects from the first of those that are left, as many as one request returns. */
    private Page page(NavigableMap<String, StoredObject> left) throws IOException {
        Page page = new Page(new ArrayList<>(), new ArrayList<>(), left.lastKey());
        String first = left.firstKey();
        ListOptions options = ListOptions.builder()
                .prefix(RepositoryPaths.OBJECTS)
                .startAfter(first.substring(0, first.length() - 1))
                .build();
        try (BlobListing listing = store.list(options)) {
            for (int listed = 0; listing.hasNext(); ) {
                if (listing.next() instanceof BlobListing.Blob blob) {
                    StoredObject wanted = left.get(blob.name());
                    if (wanted != null) {
                        boolean old = mayDelete(new StoredObject(
                                wanted.id(), blob.size(), blob.lastModified().orElse(Instant.MAX)));
                        if (old) {
                            page.deletable.add(blob.key());
                        } else {
                            page.kept.add(wanted);
                        }
                    }
                    if (++listed == PER_REQUEST || blob.name().compareTo(page.end) >= 0) {
                        return new Page(page.deletable, page.kept, blob.name());
                    }
                }
            }
        }
        return page;
    }

    @Override
    public void remember(Collection<StoredObject> unreferenced) throws IOException {
        String ids = unreferenced.stream()
                .limit(MAX_CANDIDATES / (2L * objects.hash().bytes() + 1))
                .map(object -> object.id().hex() + "\n")
                .collect(Collectors.joining());
        store.store(CANDIDATES, BlobSource.of(StandardCharsets.UTF_8.encode(ids)));
    }

    /** Shows writers that nothing is deleted any more. */
    @Override
    public void close() throws IOException {
        if (announced) {
            if (!mark.isDeletionOfAnother(mark.read())) {
                mark.end();
            }
            announced = false;
        }
    }
}
