package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What this process knows about the current versions of keys. A read of one version is served from the cache without a
 * request, unless this process has replaced or deleted the blob since: then the remote store has to refuse it.
 *
 * <p>Bounded: if a change is forgotten, every key of which nothing is known needs a request once. Thread-safe.
 */
final class CurrentVersions {
    private static final int MAX_KEYS = 16_384;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final LinkedHashMap<BlobKey, Knowledge> known = new LinkedHashMap<>(16, 0.75f, true);
    private long changes;
    /** The number of the last change of a key of which nothing is known; 0 for none. */
    private long unknownChangedAt;

    /**
     * What is known about a key.
     *
     * @param version the current version; empty if the key was changed since
     * @param changedAt the number of the last change of this key by this process, 0 for none
     */
    private record Knowledge(Optional<BlobVersion> version, long changedAt) {}

    /** Returns a point in time, to be taken before a request whose response {@link #observed} reports. */
    long now() {
        lock.lock();
        try {
            return changes;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether a version may be served without asking the remote store. */
    boolean mayServe(BlobKey key, BlobVersion version) {
        lock.lock();
        try {
            Knowledge knowledge = known.get(key);
            return knowledge == null
                    ? unknownChangedAt == 0
                    : knowledge.version.isPresent() && knowledge.version.get().equals(version);
        } finally {
            lock.unlock();
        }
    }

    /** Notes a version that a response reported, unless this process changed the key after the request. */
    void observed(BlobKey key, BlobVersion version, long requestedAt) {
        lock.lock();
        try {
            Knowledge knowledge = known.get(key);
            long changedAt = knowledge == null ? unknownChangedAt : knowledge.changedAt;
            if (changedAt <= requestedAt) {
                put(key, new Knowledge(Optional.of(version), changedAt));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes that this process changes, or has changed, a key in an unknown way. To be called before and after. */
    void changed(BlobKey key) {
        lock.lock();
        try {
            put(key, new Knowledge(Optional.empty(), ++changes));
        } finally {
            lock.unlock();
        }
    }

    /** Notes that this process changes, or has changed, keys that it does not know. To be called before and after. */
    void changedUnknown() {
        lock.lock();
        try {
            unknownChangedAt = ++changes;
            known.clear();
        } finally {
            lock.unlock();
        }
    }

    private void put(BlobKey key, Knowledge knowledge) {
        known.put(key, knowledge);
        if (known.size() > MAX_KEYS) {
            Iterator<Map.Entry<BlobKey, Knowledge>> oldest = known.entrySet().iterator();
            unknownChangedAt = Math.max(unknownChangedAt, oldest.next().getValue().changedAt);
            oldest.remove();
        }
    }
}
