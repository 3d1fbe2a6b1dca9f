package io.blobstore;

import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The result of deleting several blobs, key by key. Immutable. */
public final class DeleteResult {
    private final Set<BlobKey> deleted;
    private final Map<BlobKey, BlobStoreException> failures;

    private DeleteResult(Collection<BlobKey> deleted, Map<BlobKey, BlobStoreException> failures) {
        this.deleted = Collections.unmodifiableSet(new LinkedHashSet<>(deleted));
        this.failures = Collections.unmodifiableMap(new LinkedHashMap<>(failures));
    }

    /** Returns a result with these keys, for implementations of stores. */
    public static DeleteResult of(Collection<BlobKey> deleted, Map<BlobKey, BlobStoreException> failures) {
        Objects.requireNonNull(deleted, "deleted");
        Objects.requireNonNull(failures, "failures");
        return new DeleteResult(deleted, failures);
    }

    /** Returns the keys that hold no blob any more, whether or not they held one before; unmodifiable. */
    public Set<BlobKey> deleted() {
        return deleted;
    }

    /**
     * Returns the keys whose blobs could not be deleted, each with the reason; unmodifiable. Keys of one failed request
     * share one exception.
     */
    public Map<BlobKey, BlobStoreException> failures() {
        return failures;
    }

    /**
     * Throws the first failure, with the other ones suppressed in it; does nothing if there is none.
     *
     * @throws BlobStoreException if a blob could not be deleted
     */
    public void throwIfFailed() throws BlobStoreException {
        Iterator<BlobStoreException> all = new LinkedHashSet<>(failures.values()).iterator();
        if (all.hasNext()) {
            BlobStoreException first = all.next();
            all.forEachRemaining(first::addSuppressed);
            throw first;
        }
    }

    @Override
    public String toString() {
        return "DeleteResult[" + deleted.size() + " deleted, failures=" + failures + "]";
    }
}
