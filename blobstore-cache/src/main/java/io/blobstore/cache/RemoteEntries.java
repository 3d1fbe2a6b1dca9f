package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The entries of a remote cache as this process sees them: content that turned out to be wrong is not there, until it
 * is replaced; and content that is there is not stored again. Thread-safe.
 */
final class RemoteEntries extends ForwardingBlobStore {
    private static final String CONTENT = Keyspace.CAS.name().toLowerCase(Locale.ROOT) + '/';
    private static final int MAX_WRONG = 4096;

    private final EntryBlobStore entries;
    final LongAdder skipped = new LongAdder();

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<BlobKey, Boolean> wrong = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<BlobKey, Boolean> eldest) {
            return size() > MAX_WRONG;
        }
    };

    RemoteEntries(EntryBlobStore entries) {
        super(entries);
        this.entries = entries;
    }

    /** Notes that the content of a key is not what it must be. */
    void setWrong(BlobKey key) {
        lock.lock();
        try {
            wrong.put(key, true);
        } finally {
            lock.unlock();
        }
    }

    private void replaced(BlobKey key) {
        lock.lock();
        try {
            wrong.remove(key);
        } finally {
            lock.unlock();
        }
    }

    private boolean isWrong(BlobKey key) {
        lock.lock();
        try {
            return wrong.containsKey(key);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        if (isWrong(key)) {
            throw new BlobNotFoundException(Operation.HEAD, key, null);
        }
        return super.head(key);
    }

    /** See {@link EntryBlobStore#readSmall}. */
    BlobMetadata readSmall(BlobKey key, ByteBuffer target) throws IOException {
        if (isWrong(key)) {
            throw new BlobNotFoundException(Operation.READ, key, null);
        }
        return entries.readSmall(key, target);
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        Optional<StoredBlob> found = key.toString().startsWith(CONTENT) ? find(key, content.size()) : Optional.empty();
        if (found.isPresent()) {
            skipped.increment();
            return found.get();
        }
        // A transfer passes on what it has retained: the source itself is behind that.
        StoredBlob stored = content.slice(0, content.size()) instanceof CachedSource cached
                ? entries.store(key, cached.content())
                : entries.store(key, content, options);
        replaced(key);
        return stored;
    }

    private Optional<StoredBlob> find(BlobKey key, long size) throws IOException {
        try {
            BlobMetadata found = head(key);
            return found.size() == size
                    ? Optional.of(StoredBlob.of(key, size, found.version(), found.checksum()))
                    : Optional.empty();
        } catch (BlobNotFoundException | IntegrityException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return entries.toString();
    }
}
