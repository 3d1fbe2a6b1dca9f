package io.blobstore.split.repository;

import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The streams of an {@link ObjectStore}: their names, and the refs that keep them. Splitting, merging, checking,
 * collecting and the setting of refs are done by a {@link SplitEngine}.
 *
 * <p>A stream is addressed by its name, or by {@code refs/REF}. Thread-safe. The caller owns the object store.
 */
public final class Repository {
    private static final String REFS = "refs/";

    private final ObjectStore objects;

    private Repository(ObjectStore objects) {
        this.objects = objects;
    }

    /** Returns the repository in a store; does nothing yet. */
    public static Repository of(ObjectStore objects) {
        Objects.requireNonNull(objects, "objects");
        return new Repository(objects);
    }

    /** Returns where the objects are kept. */
    public ObjectStore objects() {
        return objects;
    }

    /** Returns the hash function of the ids. */
    public ObjectHash hash() {
        return objects.hash();
    }

    // ---- names

    /**
     * Returns the id of a stream.
     *
     * @param name the stream's name, or {@code refs/REF}
     * @throws UnknownStreamException if there is none
     * @throws DamagedLinkException if the name does not lead to an object
     */
    public ObjectId stream(String name) throws IOException {
        String link = name.startsWith(REFS)
                ? RepositoryPaths.ref(name.substring(REFS.length()))
                : RepositoryPaths.stream(name);
        return resolve(link).orElseThrow(() -> new UnknownStreamException(name));
    }

    /** Returns the object to which a stream's or a ref's link leads; empty if there is no such link. */
    Optional<ObjectId> resolve(String link) throws IOException {
        Optional<String> target = objects.link(link);
        if (target.isEmpty()) {
            return Optional.empty();
        }
        if (link.startsWith(RepositoryPaths.STREAM_REFS)) {
            String stream = target.get();
            if (!stream.startsWith(RepositoryPaths.STREAMS) || stream.startsWith(RepositoryPaths.STREAM_REFS)) {
                throw new DamagedLinkException(link, "leads to '" + stream + "', which is no stream", null);
            }
            target = objects.link(stream);
            if (target.isEmpty()) {
                throw new DamagedLinkException(link, "leads to the missing stream '" + stream + "'", null);
            }
        }
        Optional<ObjectId> id = RepositoryPaths.objectAt(hash(), target.get());
        if (id.isEmpty()) {
            throw new DamagedLinkException(link, "leads to '" + target.get() + "', which is no object", null);
        }
        return id;
    }

    /** Returns the names of all streams, sorted. */
    public List<String> streams() throws IOException {
        return objects.links(RepositoryPaths.STREAMS).stream()
                .filter(link -> !link.startsWith(RepositoryPaths.STREAM_REFS))
                .map(link -> link.substring(RepositoryPaths.STREAMS.length()))
                .toList();
    }

    /** Returns all refs, sorted. */
    public List<String> refs() throws IOException {
        return objects.links(RepositoryPaths.STREAM_REFS).stream()
                .map(link -> link.substring(RepositoryPaths.STREAM_REFS.length()))
                .toList();
    }

    /** Deletes a ref: the next garbage collection deletes its stream, unless something else refers to it. */
    public void deleteRef(String ref) throws IOException {
        objects.deleteLink(RepositoryPaths.ref(ref));
    }

    // ---- what is kept

    /** Compares the objects of two streams. Reads their references only, and asks for the sizes of objects. */
    public StreamDiff diff(String a, String b) throws IOException {
        Objects.requireNonNull(a, "a");
        Objects.requireNonNull(b, "b");
        return StreamDiff.of(StreamObjects.read(this, a), StreamObjects.read(this, b), objects);
    }

    /** Adds up what all streams share. Reads their references only, and lists the objects. */
    public RepositoryStat stat() throws IOException {
        return RepositoryStat.of(this);
    }

    @Override
    public String toString() {
        return "Repository[" + objects + "]";
    }
}
