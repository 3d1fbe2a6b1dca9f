package io.blobstore.server.internal;

import io.blobstore.Sha256;
import io.blobstore.cas.CacheStats;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.CachedRecord;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import java.io.IOException;
import java.util.Optional;

/**
 * What the faces do with the cache. All methods may block on the disk, and are called by {@link Workers}. Thread-safe.
 */
public final class CacheAccess {
    private final ContentCache cache;
    private final ReadMemory memory;
    private final long maxBlobBytes;
    private final int maxRecordBytes;

    /** Creates the access to a cache, within limits in bytes. */
    public CacheAccess(ContentCache cache, ReadMemory memory, long maxBlobBytes, int maxRecordBytes) {
        this.cache = cache;
        this.memory = memory;
        this.maxBlobBytes = maxBlobBytes;
        this.maxRecordBytes = maxRecordBytes;
    }

    /** Returns the cache. */
    public ContentCache cache() {
        return cache;
    }

    /** Returns the memory for content on its way to clients. */
    public ReadMemory memory() {
        return memory;
    }

    /** Returns the most bytes of content that a client may put. */
    public long maxBlobBytes() {
        return maxBlobBytes;
    }

    /** Returns the most bytes of a record that a client may put. */
    public int maxRecordBytes() {
        return maxRecordBytes;
    }

    /** Returns the state of the cache. */
    public CacheStats stats() {
        return cache.stats();
    }

    /** Opens content by its hash alone; content that turns out to be damaged as it is opened is not there. */
    public Optional<CachedContent> open(Sha256 sha256) throws IOException {
        return cache.open(sha256);
    }

    /** Opens content by its digest. */
    public Optional<CachedContent> open(Digest digest) throws IOException {
        return cache.open(digest);
    }

    /** Opens a record. */
    public Optional<CachedRecord> openRecord(Keyspace keyspace, Sha256 key) throws IOException {
        return cache.openRecord(keyspace, key);
    }

    /**
     * Begins an upload of content.
     *
     * @param zstd whether it is sent as zstd frames
     * @throws IllegalArgumentException if it is larger than a client may put: nothing is evicted for it
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    public Upload upload(Digest digest, boolean zstd) throws IOException {
        if (digest.size() > maxBlobBytes) {
            throw new IllegalArgumentException(
                    "a blob has at most " + maxBlobBytes + " bytes here; got " + digest.size());
        }
        return ContentUpload.begin(cache, digest, zstd);
    }

    /**
     * Begins an upload of a record.
     *
     * @param size the size in bytes
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    public Upload uploadRecord(Keyspace keyspace, Sha256 key, long size) throws IOException {
        return new RecordUpload(cache.writeRecord(keyspace, key, size));
    }
}
