package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds what the refs of a repository keep: streams, their objects, and the streams to which they refer. Reads headers
 * and references only. Used by one thread.
 */
final class LiveObjects {
    /** The magic number of an EROFS image, 1,024 bytes from its start. */
    private static final int EROFS_MAGIC = 0xe0f5e1e2;

    private static final int EROFS_OFFSET = 1024;

    private final Repository repository;
    private final ObjectStore store;
    private final Set<ObjectId> live = new HashSet<>();
    private final Set<String> liveLinks = new HashSet<>();
    private final List<String> broken = new ArrayList<>();
    /** The streams that were met and not read yet, with what refers to them. */
    private final ArrayDeque<ObjectId> unread = new ArrayDeque<>();

    private final Map<ObjectId, String> referrer = new HashMap<>();

    private LiveObjects(Repository repository) {
        this.repository = repository;
        this.store = repository.objects();
    }

    static LiveObjects find(Repository repository) throws IOException {
        LiveObjects found = new LiveObjects(repository);
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
        return broken;
    }

    private void addRefs() throws IOException {
        for (String ref : store.links(RepositoryPaths.STREAM_REFS)) {
            try {
                ObjectId stream = repository.resolve(ref).orElse(null);
                if (stream != null) {
                    liveLinks.add(store.link(ref).orElse(ref));
                    add(stream, ref);
                }
            } catch (BlobStoreException e) {
                report(ref, e);
            }
        }
        for (String ref : store.links(RepositoryPaths.IMAGE_REFS)) {
            broken.add(ref + " keeps an image, whose objects only composefs can find: collect with cfsctl gc");
        }
    }

    private void add(ObjectId stream, String by) {
        if (live.add(stream) || !referrer.containsKey(stream)) {
            referrer.put(stream, by);
            unread.add(stream);
        }
    }

    private void addStreams() throws IOException {
        for (ObjectId id = unread.poll(); id != null; id = unread.poll()) {
            try {
                addStream(id);
            } catch (BlobStoreException e) {
                if (!(e instanceof IntegrityException) || !isImage(id)) {
                    report(referrer.getOrDefault(id, "?"), e);
                }
            }
        }
    }

    private void addStream(ObjectId id) throws IOException {
        String by = referrer.getOrDefault(id, "");
        try (SplitStreamReader reader =
                SplitStreamReader.open(StreamChannels.ranges(store, id), repository.hash(), by)) {
            ObjectRefs objects = reader.objectRefs();
            for (long i = 0; i < objects.count(); i++) {
                live.add(objects.get(i));
            }
            ObjectRefs streams = reader.streamRefs();
            for (long i = 0; i < streams.count(); i++) {
                add(streams.get(i), by);
            }
        }
    }

    /** Returns whether an object is an EROFS image, to which the streams of container images refer. */
    private boolean isImage(ObjectId id) throws IOException {
        long size = store.find(id).map(StoredObject::size).orElse(0L);
        if (size < EROFS_OFFSET + Integer.BYTES) {
            return false;
        }
        ByteBuffer magic = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        store.read(id, ByteRange.of(EROFS_OFFSET, Integer.BYTES), BlobTarget.Window.of(magic));
        return magic.getInt(0) == EROFS_MAGIC;
    }

    /** Remembers a failure that another attempt would not mend; throws others. */
    private void report(String by, BlobStoreException problem) throws BlobStoreException {
        if (problem.isRetryable() || Interrupts.caused(problem)) {
            throw problem;
        }
        broken.add(by + ": " + problem.getMessage());
    }
}
