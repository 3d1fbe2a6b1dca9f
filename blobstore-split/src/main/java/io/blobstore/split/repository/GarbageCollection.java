package io.blobstore.split.repository;

import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One garbage collection: finds what the refs keep, and deletes the rest, links before objects. If anything is broken,
 * it is not known what it refers to, and nothing is deleted.
 */
final class GarbageCollection {
    private final Repository repository;
    private final ObjectStore store;
    private final CollectOptions options;

    private final List<String> linksDeleted = new ArrayList<>();
    private final List<String> foreign = new ArrayList<>();
    private final List<StoredObject> unreferenced = new ArrayList<>();

    GarbageCollection(Repository repository, CollectOptions options) {
        this.repository = repository;
        this.store = repository.objects();
        this.options = options;
    }

    CollectReport run() throws IOException {
        try (ObjectStore.Sweep sweep = store.beginSweep(options.waitForWriters(), options.grace())) {
            if (!options.dryRun()) {
                forget();
            }
            LiveObjects live = LiveObjects.find(repository);
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
            List<String> broken = new ArrayList<>(live.broken());
            if (broken.isEmpty()) {
                missing.forEach(id -> broken.add("the object " + id + " is missing, though a stream refers to it"));
            }
            long kept = (long) live.objects().size() - missing.size();
            if (!broken.isEmpty()) {
                return new CollectReport(
                        options.dryRun(), kept, 0, 0, unreferenced.size(), linksDeleted, foreign, broken);
            }
            return sweep(sweep, live, kept);
        }
    }

    /** Deletes the streams that the caller has given up, and the refs to them. */
    private void forget() throws IOException {
        for (String name : options.forget()) {
            String stream = RepositoryPaths.stream(name);
            for (String ref : store.links(RepositoryPaths.STREAM_REFS)) {
                if (store.link(ref).equals(Optional.of(stream))) {
                    store.deleteLink(ref);
                    linksDeleted.add(ref);
                }
            }
            store.deleteLink(stream);
            linksDeleted.add(stream);
        }
    }

    private CollectReport sweep(ObjectStore.Sweep sweep, LiveObjects live, long kept) throws IOException {
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
        for (String prefix : List.of(RepositoryPaths.STREAMS, RepositoryPaths.IMAGES)) {
            for (String link : store.links(prefix)) {
                sweepLink(link, sweep, live, sparedIds);
            }
        }
        Collection<StoredObject> deleted = deletable;
        if (!options.dryRun()) {
            deleted = sweep.delete(deletable);
            sweep.remember(spared);
        }
        long bytes = deleted.stream().mapToLong(StoredObject::size).sum();
        int notDeleted = spared.size() + deletable.size() - deleted.size();
        return new CollectReport(
                options.dryRun(), kept, deleted.size(), bytes, notDeleted, linksDeleted, foreign, List.of());
    }

    /**
     * Deletes a link to an object that is deleted. A link to a spared object may be one that a writer is about to use.
     */
    private void sweepLink(String link, ObjectStore.Sweep sweep, LiveObjects live, Set<ObjectId> spared)
            throws IOException {
        if (link.startsWith(RepositoryPaths.STREAM_REFS)
                || link.startsWith(RepositoryPaths.IMAGE_REFS)
                || live.links().contains(link)) {
            return;
        }
        Optional<ObjectId> id;
        try {
            id = repository.resolve(link);
        } catch (DamagedLinkException e) {
            foreign.add(link);
            return;
        }
        if (id.isPresent()
                && !live.objects().contains(id.get())
                && !spared.contains(id.get())
                && isDeletable(id.get(), sweep)) {
            linksDeleted.add(link);
            if (!options.dryRun()) {
                store.deleteLink(link);
            }
        }
    }

    /** Asks for an object again: a writer may have stored it, and its link, since the objects were listed. */
    private boolean isDeletable(ObjectId id, ObjectStore.Sweep sweep) throws IOException {
        Optional<StoredObject> found = store.find(id);
        return found.isEmpty() || sweep.mayDelete(found.get());
    }
}
