package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** Keeps the tables that were used last, one for each key, in a bounded number of bytes. Thread-safe. */
final class TableCache {
    private final long maxBytes;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<BlobKey, CompressedBlob> tables = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    TableCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Returns the table of a key, of the given version if there is one. */
    Optional<CompressedBlob> get(BlobKey key, Optional<BlobVersion> version) {
        lock.lock();
        try {
            return Optional.ofNullable(tables.get(key))
                    .filter(blob -> version.isEmpty() || blob.stored().version().equals(version.get()));
        } finally {
            lock.unlock();
        }
    }

    /** Keeps a table, instead of the one that the key had. */
    void put(CompressedBlob blob) {
        lock.lock();
        try {
            CompressedBlob replaced = tables.put(blob.stored().key(), blob);
            bytes += blob.table().memory()
                    - (replaced == null ? 0 : replaced.table().memory());
            Iterator<CompressedBlob> eldest = tables.values().iterator();
            while (bytes > maxBytes && eldest.hasNext()) {
                bytes -= eldest.next().table().memory();
                eldest.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a table, unless the key has another one by now. */
    void remove(CompressedBlob blob) {
        lock.lock();
        try {
            if (tables.remove(blob.stored().key(), blob)) {
                bytes -= blob.table().memory();
            }
        } finally {
            lock.unlock();
        }
    }
}
