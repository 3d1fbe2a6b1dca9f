package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One garbage collection: finds what the refs keep, and deletes the rest, links before objects. If anything is broken,
 * it is not known what it refers to, and nothing is deleted.
 */
final class CollectTask implements TransferTask<CollectReport> {
    private static final Logger LOG = LoggerFactory.getLogger(CollectTask.class);

    /** What one request of a bucket deletes. */
    private static final int BATCH = 1000;

    private final Repository repository;
    private final ObjectStore store;
    private final CollectOptions options;
    private final int threads;

    private final List<String> linksDeleted = new ArrayList<>();
    private final List<String> foreign = new ArrayList<>();
    private final List<StoredObject> unreferenced = new ArrayList<>();

    // Written by the first worker, read by the last.
    private ObjectStore.@Nullable Sweep sweep;
    private @Nullable CollectReport report;

    CollectTask(Repository repository, CollectOptions options, int threads) {
        this.repository = repository;
        this.store = repository.objects();
        this.options = options;
        this.threads = threads;
    }

    @Override
    public String description() {
        return "garbage collection of " + repository;
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        WorkQueue queue = new WorkQueue(context, store.hash(), threads - 1);
        try {
            ObjectStore.Sweep begun = beginSweep(context);
            sweep = begun;
            if (!options.dryRun()) {
                forget(context);
            }
            LiveObjects live = LiveObjects.find(repository, context, queue);
            report = collect(context, begun, live);
        } catch (WorkQueue.StoppedException e) {
            LOG.trace("{}: stopped", description());
        } finally {
            queue.close();
        }
    }

    /** Begins, with retries except for writers: that waits already as long as the options say. */
    private ObjectStore.Sweep beginSweep(TransferContext context) throws IOException, InterruptedException {
        AtomicReference<@Nullable RepositoryBusyException> busy = new AtomicReference<>();
        Optional<ObjectStore.Sweep> begun = context.retrying("begin collection", () -> {
            try {
                return Optional.of(store.beginSweep(options.waitForWriters(), options.grace()));
            } catch (RepositoryBusyException e) {
                busy.set(e);
                return Optional.empty();
            }
        });
        RepositoryBusyException problem = busy.get();
        if (problem != null) {
            throw problem;
        }
        return begun.orElseThrow();
    }

    private CollectReport collect(TransferContext context, ObjectStore.Sweep sweep, LiveObjects live)
            throws IOException, InterruptedException {
        Set<ObjectId> missing = context.retrying("list objects", () -> list(live));
        List<String> broken = live.broken();
        if (broken.isEmpty()) {
            missing.forEach(id -> broken.add("the object " + id + " is missing, though a stream refers to it"));
        }
        long kept = (long) live.objects().size() - missing.size();
        if (!broken.isEmpty()) {
            return new CollectReport(options.dryRun(), kept, 0, 0, unreferenced.size(), linksDeleted, foreign, broken);
        }
        return sweep(context, sweep, live, kept);
    }

    /** Lists all objects; returns those that are missing. */
    private Set<ObjectId> list(LiveObjects live) throws IOException {
        unreferenced.clear();
        foreign.clear();
        Set<ObjectId> missing = new HashSet<>(live.objects());
        store.forEachObject(new ObjectStore.ObjectVisitor() {
            @Override
            public void object(StoredObject object) {
                if (!live.objects().contains(object.id())) {
                    unreferenced.add(object);
                } else {
                    missing.remove(object.id());
                }
            }

            @Override
            public void foreign(String path) {
                foreign.add(path);
            }
        });
        return missing;
    }

    /** Deletes the streams that the caller has given up, and the refs to them. */
    private void forget(TransferContext context) throws IOException, InterruptedException {
        for (String name : options.forget()) {
            String stream = RepositoryPaths.stream(name);
            for (String ref : context.retrying("list refs", () -> store.links(RepositoryPaths.STREAM_REFS))) {
                if (context.retrying("read ref", () -> store.link(ref)).equals(Optional.of(stream))) {
                    delete(context, ref);
                }
            }
            delete(context, stream);
        }
    }

    private void delete(TransferContext context, String link) throws IOException, InterruptedException {
        context.retrying("delete link", () -> {
            store.deleteLink(link);
            return link;
        });
        linksDeleted.add(link);
    }

    private CollectReport sweep(TransferContext context, ObjectStore.Sweep sweep, LiveObjects live, long kept)
            throws IOException, InterruptedException {
        List<StoredObject> deletable = new ArrayList<>();
        List<StoredObject> spared = new ArrayList<>();
        Set<ObjectId> sparedIds = new HashSet<>();
        for (StoredObject object : unreferenced) {
            if (sweep.mayDelete(object)) {
                deletable.add(object);
            } else {
                spared.add(object);
                sparedIds.add(object.id());
            }
        }
        List<String> unused = new ArrayList<>();
        for (String prefix : List.of(RepositoryPaths.STREAMS, RepositoryPaths.IMAGES)) {
            for (String link : context.retrying("list links", () -> store.links(prefix))) {
                if (isUnused(context, link, sweep, live, sparedIds)) {
                    unused.add(link);
                }
            }
        }
        for (String link : unused) {
            sweepLink(context, link, sweep, live, sparedIds);
        }
        Collection<StoredObject> deleted = deletable;
        if (!options.dryRun()) {
            deleted = delete(context, sweep, deletable);
            context.retrying("store candidates", () -> {
                sweep.remember(spared);
                return spared;
            });
        }
        long bytes = deleted.stream().mapToLong(StoredObject::size).sum();
        int notDeleted = spared.size() + deletable.size() - deleted.size();
        return new CollectReport(
                options.dryRun(), kept, deleted.size(), bytes, notDeleted, linksDeleted, foreign, List.of());
    }

    private static List<StoredObject> delete(
            TransferContext context, ObjectStore.Sweep sweep, List<StoredObject> deletable)
            throws IOException, InterruptedException {
        deletable.sort(Comparator.comparing(object -> object.id().hex())); // as they are listed
        List<StoredObject> deleted = new ArrayList<>();
        for (int first = 0; first < deletable.size(); first += BATCH) {
            List<StoredObject> batch = deletable.subList(first, Math.min(deletable.size(), first + BATCH));
            deleted.addAll(context.retrying("delete objects", () -> sweep.delete(batch)));
        }
        return deleted;
    }

    /**
     * Returns whether a link leads to an object that is deleted. One to a spared object may be one that a writer is
     * about to use.
     */
    private boolean isUnused(
            TransferContext context, String link, ObjectStore.Sweep sweep, LiveObjects live, Set<ObjectId> spared)
            throws IOException, InterruptedException {
        if (link.startsWith(RepositoryPaths.STREAM_REFS)
                || link.startsWith(RepositoryPaths.IMAGE_REFS)
                || live.links().contains(link)) {
            return false;
        }
        try {
            return context.retrying("find stream", () -> isUnused(link, sweep, live, spared));
        } catch (DamagedLinkException e) {
            foreign.add(link);
            return false;
        }
    }

    private void sweepLink(
            TransferContext context, String link, ObjectStore.Sweep sweep, LiveObjects live, Set<ObjectId> spared)
            throws IOException, InterruptedException {
        if (options.dryRun()) {
            linksDeleted.add(link);
            return;
        }
        boolean[] sent = new boolean[1];
        context.retrying("delete link", () -> {
            boolean unused;
            do {
                sweep.announce();
                // Once more: a writer may have stored the object, or the link, meanwhile.
                unused = isUnused(link, sweep, live, spared);
            } while (unused && !sweep.isAnnounced());
            if (unused) {
                sent[0] = true;
                store.deleteLink(link);
            }
            return link;
        });
        if (sent[0]) {
            linksDeleted.add(link);
        }
    }

    private boolean isUnused(String link, ObjectStore.Sweep sweep, LiveObjects live, Set<ObjectId> spared)
            throws IOException {
        Optional<ObjectId> id = repository.resolve(link);
        if (id.isEmpty() || live.objects().contains(id.get()) || spared.contains(id.get())) {
            return false;
        }
        Optional<StoredObject> found = store.find(id.get());
        return found.isEmpty() || sweep.mayDelete(found.get());
    }

    @Override
    public CollectReport complete(TransferContext context) throws IOException, InterruptedException {
        CollectReport result = Optional.ofNullable(report).orElseThrow(IllegalStateException::new);
        ObjectStore.Sweep begun = Optional.ofNullable(sweep).orElseThrow(IllegalStateException::new);
        context.retrying("end collection", () -> {
            begun.close();
            return result;
        });
        return result;
    }

    @Override
    public void release(@Nullable Throwable problem) {
        ObjectStore.Sweep begun = sweep;
        if (begun != null) {
            try {
                begun.close(); // idempotent
            } catch (IOException | RuntimeException e) {
                if (problem != null) {
                    problem.addSuppressed(e);
                }
                LOG.warn("{}: was not ended; writers may wait for two minutes", description(), e);
            }
        }
    }
}
