package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ChunkVisitor;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.split.repository.FsckReport.Kind;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks a repository: every object is hashed, then every stream decoded, by all workers; then the refs are followed.
 * Holds a writer's session, so that nothing is collected meanwhile.
 */
final class FsckTask implements TransferTask<FsckReport> {
    private static final Logger LOG = LoggerFactory.getLogger(FsckTask.class);

    /** A unit has no more objects, and no more bytes unless one object has. */
    private static final int UNIT_OBJECTS = 32;

    private static final long UNIT_BYTES = 1 << 20;

    private final Repository repository;
    private final ObjectStore store;
    private final FsckOptions options;
    private final int threads;
    private final Queue<FsckReport.Problem> problems = new ConcurrentLinkedQueue<>();
    private final Queue<String> healed = new ConcurrentLinkedQueue<>();
    private final List<String> foreign = new ArrayList<>();
    private final Map<ObjectId, Long> sizes = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private long streams;
    private long refs;
    private long images;

    // Written by the first worker, read by the last.
    private ObjectStore.@Nullable Session session;

    FsckTask(Repository repository, FsckOptions options, int threads) {
        this.repository = repository;
        this.store = repository.objects();
        this.options = options;
        this.threads = threads;
        options.healFrom().ifPresent(other -> {
            if (other.hash() != store.hash()) {
                throw new IllegalArgumentException(
                        "a repository of " + store.hash().label() + " cannot be healed from one of "
                                + other.hash().label());
            }
        });
    }

    @Override
    public String description() {
        return "check of " + repository;
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        WorkQueue queue = new WorkQueue(context, store.hash(), threads - 1);
        try {
            ObjectStore.Session opened = WriterSession.begin(store, context);
            session = opened;
            checkObjects(queue, context, opened);
            queue.awaitAll();
            checkStreams(queue, context);
            queue.awaitAll();
            checkRefs(context);
            checkImages(context);
        } catch (WorkQueue.StoppedException e) {
            return; // the reason is known already
        } finally {
            queue.close();
        }
    }

    // ---- objects

    private void checkObjects(WorkQueue queue, TransferContext context, ObjectStore.Session session)
            throws IOException, InterruptedException {
        List<StoredObject> all = context.retrying("list objects", this::list);
        all.forEach(object -> {
            sizes.put(object.id(), object.size());
            bytes.addAndGet(Math.max(0, object.size()));
        });
        context.planned(bytes.get(), 1);
        for (int first = 0; first < all.size(); ) {
            int end = first;
            long unitBytes = 0;
            while (end < all.size() && end < first + UNIT_OBJECTS && unitBytes < UNIT_BYTES) {
                unitBytes += all.get(end++).size();
            }
            List<StoredObject> unit = all.subList(first, end);
            queue.submit(scratch -> {
                context.retrying("keep session", () -> {
                    session.keepAlive();
                    return true;
                });
                for (StoredObject object : unit) {
                    checkObject(object, scratch, context);
                }
            });
            queue.awaitRoom(4 * threads);
            first = end;
        }
    }

    private List<StoredObject> list() throws IOException {
        foreign.clear();
        List<StoredObject> all = new ArrayList<>();
        store.forEachObject(new ObjectStore.ObjectVisitor() {
            @Override
            public void object(StoredObject object) {
                all.add(object);
            }

            @Override
            public void foreign(String path) {
                foreign.add(path);
            }
        });
        return all;
    }

    private void checkObject(StoredObject object, Scratch scratch, TransferContext context)
            throws IOException, InterruptedException {
        boolean intact = object.size() >= 0
                && context.retrying("read object", () -> Verification.isIntact(store, object, scratch.digest()));
        if (!intact && !heal(object.id(), scratch, context)) {
            String path = RepositoryPaths.object(object.id());
            problems.add(new FsckReport.Problem(
                    Kind.DAMAGED_OBJECT, path, "its content is not what its id says (" + object.size() + " bytes)"));
        }
        context.moved(Math.max(0, object.size()));
    }

    /** Replaces an object by that of the other store, if that has it undamaged. */
    private boolean heal(ObjectId id, Scratch scratch, TransferContext context)
            throws IOException, InterruptedException {
        if (options.healFrom().isEmpty()) {
            return false;
        }
        ObjectStore other = options.healFrom().get();
        Optional<StoredObject> found = context.retrying("find object", () -> other.find(id));
        if (found.isEmpty() || found.get().size() < 0) {
            return false;
        }
        try (ObjectCopy copy =
                context.retrying("read object", () -> ObjectCopy.of(other, found.get(), scratch.digest()))) {
            context.retrying("put object", () -> store.put(id, copy.content(), true));
        } catch (DamagedObjectException e) {
            return false;
        }
        sizes.put(id, found.get().size());
        healed.add(RepositoryPaths.object(id));
        return true;
    }

    // ---- streams

    private void checkStreams(WorkQueue queue, TransferContext context) throws IOException, InterruptedException {
        for (String name : context.retrying("list streams", repository::streams)) {
            streams++;
            queue.submit(scratch -> checkStream(RepositoryPaths.STREAMS + name, scratch, context));
            queue.awaitRoom(4 * threads);
        }
    }

    private void checkStream(String link, Scratch scratch, TransferContext context)
            throws IOException, InterruptedException {
        try {
            ObjectId id = resolve(link, context);
            if (id == null) {
                return; // deleted meanwhile
            }
            decode(link, id, scratch, context);
        } catch (DamagedLinkException e) {
            report(Kind.DAMAGED_LINK, link, e);
        } catch (MissingObjectException e) {
            report(Kind.MISSING_OBJECT, link, e);
        } catch (BlobStoreException e) {
            report(Kind.DAMAGED_STREAM, link, e);
        }
    }

    private void decode(String link, ObjectId id, Scratch scratch, TransferContext context)
            throws IOException, InterruptedException {
        if (size(id, scratch, context) < 0) {
            return;
        }
        try (SplitStreamReader reader = SplitStreamReader.open(
                context.retrying("read stream", () -> StreamChannels.verified(store, id, scratch.digest())),
                store.hash(),
                link)) {
            for (ObjectRefs references : List.of(reader.objectRefs(), reader.streamRefs())) {
                for (long i = 0; i < references.count(); i++) {
                    size(references.get(i), scratch, context);
                }
            }
            reader.namedRefs();
            reader.forEachChunk(new ChunkVisitor() {
                @Override
                public void inline(ByteBuffer content) {
                    // the reader counts the bytes
                }

                @Override
                public long object(long index, ObjectId object) {
                    return Objects.requireNonNull(sizes.get(object)); // it is one of the references
                }
            });
        }
    }

    /** Returns the size of an object, which is healed if it is missing. */
    private long size(ObjectId id, Scratch scratch, TransferContext context) throws IOException, InterruptedException {
        Long size = sizes.get(id);
        if (size != null) {
            return size;
        }
        Optional<StoredObject> found = context.retrying("find object", () -> store.find(id));
        if (found.isPresent()) { // stored since they were listed
            sizes.put(id, found.get().size());
        } else if (!heal(id, scratch, context)) {
            throw new MissingObjectException(id, null);
        }
        return Objects.requireNonNull(sizes.get(id));
    }

    // ---- links

    private void checkRefs(TransferContext context) throws IOException, InterruptedException {
        for (String ref : context.retrying("list refs", () -> store.links(RepositoryPaths.STREAM_REFS))) {
            refs++;
            checkLink(ref, context);
        }
    }

    private void checkImages(TransferContext context) throws IOException, InterruptedException {
        for (String image : context.retrying("list images", () -> store.links(RepositoryPaths.IMAGES))) {
            if (!image.startsWith(RepositoryPaths.IMAGE_REFS)) {
                images++;
                checkLink(image, context);
            }
        }
    }

    private @Nullable ObjectId resolve(String link, TransferContext context) throws IOException, InterruptedException {
        return context.retrying("find stream", () -> repository.resolve(link)).orElse(null);
    }

    private void checkLink(String link, TransferContext context) throws IOException, InterruptedException {
        try {
            ObjectId id = resolve(link, context);
            if (id != null
                    && !sizes.containsKey(id)
                    && context.retrying("find object", () -> store.find(id)).isEmpty()) {
                throw new MissingObjectException(id, null);
            }
        } catch (DamagedLinkException e) {
            report(Kind.DAMAGED_LINK, link, e);
        } catch (MissingObjectException e) {
            report(Kind.MISSING_OBJECT, link, e);
        }
    }

    /** Remembers a problem of the repository; throws failures that another attempt may mend. */
    private void report(Kind kind, String path, BlobStoreException problem) throws BlobStoreException {
        if (problem.isRetryable() || Interrupts.caused(problem)) {
            throw problem;
        }
        problems.add(new FsckReport.Problem(kind, path, String.valueOf(problem.getMessage())));
    }

    @Override
    public FsckReport complete(TransferContext context) {
        return new FsckReport(
                sizes.size(),
                bytes.get(),
                streams,
                refs,
                images,
                List.copyOf(problems),
                List.copyOf(healed),
                List.copyOf(foreign));
    }

    @Override
    public void release(@Nullable Throwable problem) {
        ObjectStore.Session opened = session;
        if (opened != null) { // not before: other workers rely on it until they have left
            try {
                opened.close();
            } catch (IOException | RuntimeException e) {
                if (problem != null) {
                    problem.addSuppressed(e);
                }
                LOG.warn("{}: its session was not ended", description(), e);
            }
        }
    }
}
