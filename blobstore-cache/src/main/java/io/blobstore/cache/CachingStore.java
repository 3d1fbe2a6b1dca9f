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
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Serves reads from the cache, and notes what this process changes. Everything else is forwarded. Thread-safe. */
final class CachingStore extends ForwardingBlobStore {
    private final CurrentVersions versions = new CurrentVersions();
    private final VersionRecords records;
    private final Fills fills;
    private final @Nullable PieceCache pieces;
    private final CachedReads reads;
    private final Optional<WriteThrough> writeThrough;
    private volatile boolean closed;

    CachingStore(
            BlobStore remote,
            ContentCache cache,
            CachedStoreOptions options,
            @Nullable PieceCache pieces,
            Counters counters) {
        super(remote);
        this.pieces = pieces;
        records = new VersionRecords(cache, options.storeId().orElse(remote.toString()), counters);
        fills = new Fills(remote, cache, records, counters, options);
        reads = new CachedReads(remote, cache, records, versions, fills, pieces, counters, options.wholeBlobLimit());
        writeThrough = options.cacheOnWrite()
                ? Optional.of(new WriteThrough(remote, cache, records, counters, options.wholeBlobLimit()))
                : Optional.empty();
    }

    /** Returns which content the versions of the remote store have. */
    VersionRecords records() {
        return records;
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        if (closed) {
            throw new IllegalStateException("the cached store of " + delegate() + " is closed");
        }
        return reads.read(key, range, target, options);
    }

    /** Returns the part that reads. */
    CachedReads reads() {
        return reads;
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
        Objects.requireNonNull(keys, "keys");
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

    /** Creates an upload of the remote store, whose parts are sent without another copy. */
    @Override
    public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
            throws IOException {
        return new NotedUpload(super.createMultipartUpload(key, layout, options), versions);
    }

    @Override
    public Optional<MultipartUpload> resumeMultipartUpload(
            BlobKey key, String id, PartLayout layout, StoreOptions options) throws IOException {
        return super.resumeMultipartUpload(key, id, layout, options).map(upload -> new NotedUpload(upload, versions));
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

    /** Ends the downloads into the cache, and closes the remote store. Idempotent. */
    @Override
    public void close() throws IOException {
        closed = true;
        List<Closeable> parts = new ArrayList<>();
        if (pieces != null) {
            parts.add(pieces); // ends prefetching, for which the others would wait
        }
        parts.add(fills);
        parts.add(super::close);
        Closing.all(parts);
    }

    @Override
    public String toString() {
        return delegate().toString();
    }
}
