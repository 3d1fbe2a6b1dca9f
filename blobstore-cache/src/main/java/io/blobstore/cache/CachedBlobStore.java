package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.DeleteResult;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cache.pieces.PieceCache;
import io.blobstore.cas.ContentCache;
import io.blobstore.spi.PartLayout;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A store in front of which content is cached on a local disk.
 */
public final class CachedBlobStore extends ForwardingBlobStore {
    private final ContentCache cache;
    private final Counters counters = new Counters();
    private final CurrentVersions versions = new CurrentVersions();
    private final VersionRecords records;
    private final Fills fills;
    private final @Nullable PieceCache pieces;
    private final CachedReads reads;
    private final Optional<WriteThrough> writeThrough;
    private final AtomicBoolean closed = new AtomicBoolean();

    private CachedBlobStore(
            BlobStore remote,
            ContentCache cache,
            CachedStoreOptions options,
            @Nullable PieceCache pieces) {
        super(remote);
        this.cache = cache;
        this.pieces = pieces;
        records = new VersionRecords(cache, options.storeId().orElse(remote.toString()), counters);
        fills = new Fills(remote, cache, records, counters, options);
        reads = new CachedReads(remote, cache, records, versions, fills, pieces, counters, options.wholeBlobLimit());
        writeThrough = options.cacheOnWrite()
                ? Optional.of(new WriteThrough(remote, cache, records, counters, options.wholeBlobLimit()))
                : Optional.empty();
    }

    /** Opens a cached store with default options; see {@link #open(BlobStore, ContentCache, CachedStoreOptions)}. */
    public static CachedBlobStore open(BlobStore remote, ContentCache cache) throws IOException {
        return open(remote, cache, CachedStoreOptions.DEFAULT);
    }

    /**
     * Opens a cached store.
     *
     * @param remote the store to cache, which is closed with the cached store
     * @param cache the cache, which the caller closes after all stores that use it
     * @throws IOException if the directory of pieces cannot be used
     */
    public static CachedBlobStore open(BlobStore remote, ContentCache cache, CachedStoreOptions options)
            throws IOException {
        PieceCache pieces = options.maxPieceBytes() == 0
                ? null
                : PieceCache.open(
                        cache.stateDirectory().resolve("pieces"), options.pieceSize(), options.maxPieceBytes());
        return new CachedBlobStore(remote, cache, options, pieces);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        requireOpen();
        return reads.read(key, range, target, options);
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        long before = versions.now();
        BlobMetadata blob = super.head(key);
        reads.observed(blob, before);
        return blob;
    }

    @Override
    public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
        StoredBlob stored = changing(key, () -> super.store(key, content, options));
        writeThrough.ifPresent(through -> through.cache(stored, content));
        return stored;
    }

    @Override
    public void delete(BlobKey key) throws IOException {
        changing(key, () -> {
            super.delete(key);
            return key;
        });
    }

    @Override
    public DeleteResult delete(Collection<BlobKey> keys) throws IOException {
        keys.forEach(versions::changed);
        try {
            return super.delete(keys);
        } finally {
            keys.forEach(versions::changed);
        }
    }

    @Override
    public long deleteAll(String prefix) throws IOException {
        versions.changedUnknown();
        try {
            return super.deleteAll(prefix);
        } finally {
            versions.changedUnknown();
        }
    }

    @Override
    public StoredBlob copy(BlobKey from, BlobKey to, CopyOptions options) throws IOException {
        return changing(to, () -> super.copy(from, to, options));
    }

    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        return new NotedUpload(super.createMultipartUpload(key, layout, options), versions);
    }

    private interface Change<T> {
        T run() throws IOException;
    }

    private <T> T changing(BlobKey key, Change<T> change) throws IOException {
        versions.changed(key);
        try {
            return change.run();
        } finally {
            versions.changed(key);
        }
    }

    /** Returns what this store has done since it was opened. */
    public CachedStoreStats stats() {
        return new CachedStoreStats(
                counters.hits.sum(),
                counters.misses.sum(),
                counters.fills.sum(),
                counters.coalesced.sum(),
                counters.failedFills.sum(),
                counters.fallbacks.sum(),
                counters.passed.sum(),
                counters.damaged.sum(),
                counters.cacheFailures.sum(),
                counters.cachedWrites.sum(),
                0,
                0,
                0,
                0);
    }

    private void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException(this + " is closed");
        }
    }

    /**
     * Ends the downloads into the cache, and closes the remote store. The cache belongs to the caller. Idempotent.
     */
    @Override
    public void close() throws IOException {
        closed.set(true);
        List<Closeable> parts = new ArrayList<>();
        parts.add(fills);
        if (pieces != null) {
            parts.add(pieces);
        }
        parts.add(super::close);
        Closing.all(parts);
    }
}
