package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobVersion;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** What a peer has reported about the versions of its blobs; keeps those used last. Thread-safe. */
final class PeerVersions {
    private static final int MAX = 4096;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<VersionKey, BlobMetadata> known = new Known();

    Optional<BlobMetadata> get(BlobKey key, BlobVersion version) {
        lock.lock();
        try {
            return Optional.ofNullable(known.get(new VersionKey(key, version)));
        } finally {
            lock.unlock();
        }
    }

    /** Remembers metadata. A checksum that was reported before is kept: responses with a part may have none. */
    void put(BlobMetadata blob) {
        lock.lock();
        try {
            known.merge(
                    VersionKey.of(blob), blob, (before, now) -> now.checksum().isPresent() ? now : before);
        } finally {
            lock.unlock();
        }
    }

    private static final class Known extends LinkedHashMap<VersionKey, BlobMetadata> {
        private static final long serialVersionUID = 1;

        Known() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<VersionKey, BlobMetadata> eldest) {
            return size() > MAX;
        }
    }
}
