package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Finds what the refs of a repository keep: streams, their objects, and the streams to which they refer. Reads and
 * verifies every stream, by all workers of a queue: a flipped bit must not make an object look unused. Used by the
 * owner of the queue.
 */
final class LiveObjects {
    private final Repository repository;
    private final ObjectStore store;
    private final TransferContext context;
    private final WorkQueue queue;
    private final Set<ObjectId> live = ConcurrentHashMap.newKeySet();
    private final Set<String> liveLinks = new HashSet<>();
    private final Queue<String> broken = new ConcurrentLinkedQueue<>();
    /** The streams that were met already. */
    private final Set<ObjectId> streams = new HashSet<>();
    /** The streams that were met and not read yet, with what refers to them. */
    private Map<ObjectId, String> unread = new HashMap<>();

    private LiveObjects(Repository repository, TransferContext context, WorkQueue queue) {
        this.repository = repository;
        this.store = repository.objects();
        this.context = context;
        this.queue = queue;
    }

    static LiveObjects find(Repository repository, TransferContext context, WorkQueue queue)
            throws IOException, InterruptedException {
        LiveObjects found = new LiveObjects(repository, context, queue);
        found.addRefs();
        found.addStreams();
        return found;
    }

    /** Returns the objects that must be kept; incomplete if anything is broken. */
    Set<ObjectId> objects() {
        return live;
    }

    /** Returns the paths of the links in use. */
    Set<String> links() {
        return liveLinks;
    }

    /** Returns what cannot be read, and why. */
    List<String> broken() {
        return new ArrayList<>(broken);
    }

    private void addRefs() throws IOException, InterruptedException {
        for (String ref : context.retrying("list refs", () -> store.links(RepositoryPaths.STREAM_REFS))) {
            try {
                Optional<ObjectId> stream = context.retrying("find stream", () -> repository.resolve(ref));
                if (stream.isPresent()) {
                    liveLinks.add(
                            context.retrying("read ref", () -> store.link(ref)).orElse(ref));
                    add(stream.get(), ref);
                }
            } catch (BlobStoreException e) {
                report(ref, e);
            }
        }
        for (String ref : context.retrying("list refs", () -> store.links(RepositoryPaths.IMAGE_REFS))) {
            broken.add(ref + " keeps an image, whose objects only composefs can find: collect with cfsctl gc");
        }
    }

    private void add(ObjectId stream, String by) {
        live.add(stream);
        if (streams.add(stream)) {
            unread.put(stream, by);
        }
    }

    /** Reads streams, then those to which they refer, and so on. */
    private void addStreams() throws IOException, InterruptedException {
        while (!unread.isEmpty()) {
            Map<ObjectId, String> next = new ConcurrentHashMap<>();
            for (Map.Entry<ObjectId, String> stream : unread.entrySet()) {
                queue.submit(scratch -> readStream(stream.getKey(), stream.getValue(), next, scratch));
                queue.awaitRoom(2 * queue.threads());
            }
            queue.awaitAll();
            unread = new HashMap<>();
            next.forEach(this::add);
        }
    }

    private void readStream(ObjectId id, String by, Map<ObjectId, String> next, Scratch scratch)
            throws IOException, InterruptedException {
        try {
            Optional<SplitStreamReader> opened =
                    context.retrying("read stream", () -> StreamReferences.open(store, id, by, scratch.digest()));
            if (opened.isPresent()) {
                try (SplitStreamReader reader = opened.get()) {
                    ObjectRefs objects = reader.objectRefs();
                    for (long i = 0; i < objects.count(); i++) {
                        live.add(objects.get(i));
                    }
                    ObjectRefs others = reader.streamRefs();
                    for (long i = 0; i < others.count(); i++) {
                        next.put(others.get(i), by);
                    }
                }
            }
        } catch (BlobStoreException e) {
            report(by, e);
        }
    }

    /** Remembers a failure that another attempt would not mend; throws others. */
    private void report(String by, BlobStoreException problem) throws BlobStoreException {
        if (problem.isRetryable() || Interrupts.caused(problem)) {
            throw problem;
        }
        broken.add(by + ": " + problem.getMessage());
    }
}
