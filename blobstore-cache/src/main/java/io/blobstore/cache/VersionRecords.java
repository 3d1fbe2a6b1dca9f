package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the record of a version: in memory, or in the cache. A failure of the cache is logged and counted; the version
 * is unknown then. Thread-safe.
 */
final class VersionRecords implements FillRecords {
    private static final Logger LOG = LoggerFactory.getLogger(VersionRecords.class);
    private static final int MAX_IN_MEMORY = 4096;

    private final ContentCache cache;
    private final String storeId;
    private final Counters counters;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<VersionKey, VersionRecord> records = new Recent<>();
    /** Metadata of versions whose content is not cached. */
    private final Map<VersionKey, BlobMetadata> described = new Recent<>();

    VersionRecords(ContentCache cache, String storeId, Counters counters) {
        this.cache = cache;
        this.storeId = storeId;
        this.counters = counters;
    }

    /** Returns the record of a version. */
    Optional<VersionRecord> find(VersionKey version) throws IOException {
        lock.lock();
        try {
            VersionRecord record = records.get(version);
            if (record != null) {
                return Optional.of(record);
            }
        } finally {
            lock.unlock();
        }
        Optional<VersionRecord> stored = load(version);
        stored.ifPresent(this::remember);
        return stored;
    }

    @Override
    public Optional<Digest> expected(BlobMetadata blob) throws IOException {
        return find(VersionKey.of(blob)).map(VersionRecord::content);
    }

    private Optional<VersionRecord> load(VersionKey version) throws IOException {
        try {
            Optional<ByteBuffer> bytes = cache.getRecord(Keyspace.RAW, VersionRecord.key(storeId, version));
            Optional<VersionRecord> record = bytes.flatMap(VersionRecord::decode)
                    .filter(decoded -> VersionKey.of(decoded.blob()).equals(version));
            if (bytes.isPresent() && record.isEmpty()) {
                LOG.warn("The record of '{}' in the cache is damaged, and is not used", version.key());
                counters.cacheFailures.increment();
            }
            return record;
        } catch (IOException | IllegalStateException e) {
            failed(version, e);
            return Optional.empty();
        }
    }

    /**
     * Returns the metadata of a version if it is known.
     *
     * @return what {@link #describe} was told
     */
    Optional<BlobMetadata> described(VersionKey version) {
        lock.lock();
        try {
            return Optional.ofNullable(described.get(version));
        } finally {
            lock.unlock();
        }
    }

    /** Remembers metadata for a while. */
    void describe(BlobMetadata blob) {
        lock.lock();
        try {
            described.put(VersionKey.of(blob), blob);
        } finally {
            lock.unlock();
        }
    }

    /** Stores a record; a failure only means that the version is unknown later. */
    @Override
    public void put(VersionRecord record) throws IOException {
        VersionKey version = VersionKey.of(record.blob());
        try {
            cache.putRecord(Keyspace.RAW, VersionRecord.key(storeId, version), BlobSource.of(record.encode()));
            remember(record);
        } catch (IOException | IllegalStateException e) {
            failed(version, e);
        }
    }

    /** Removes the record of a version. */
    void remove(VersionKey version) throws IOException {
        lock.lock();
        try {
            records.remove(version);
        } finally {
            lock.unlock();
        }
        try {
            cache.removeRecord(Keyspace.RAW, VersionRecord.key(storeId, version));
        } catch (IOException | IllegalStateException e) {
            failed(version, e);
        }
    }

    private void remember(VersionRecord record) {
        lock.lock();
        try {
            records.put(VersionKey.of(record.blob()), record);
        } finally {
            lock.unlock();
        }
    }

    private void failed(VersionKey version, Exception e) throws IOException {
        if (Interrupts.caused(e) && e instanceof IOException interrupted) {
            throw interrupted;
        }
        LOG.warn("The record of '{}' in the cache cannot be used", version.key(), e);
        counters.cacheFailures.increment();
    }

    /** A map that keeps the entries used last. */
    private static final class Recent<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > MAX_IN_MEMORY;
        }
    }
}
