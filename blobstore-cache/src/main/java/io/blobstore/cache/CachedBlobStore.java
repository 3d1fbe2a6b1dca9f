package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Sha256;
import io.blobstore.cache.pieces.PieceCache;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.ContentCache;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A store in front of which content is cached on a local disk.
 *
 * <pre>{@code
 * CacheOptions limits = CacheOptions.ofMaxBytes(50L << 30);
 * try (ContentCache cache = ContentCache.open(Path.of("/var/cache/blobs"), limits);
 *         BlobStore images = CachedBlobStore.open(BlobStores.open("s3://images"), cache)) {
 *     ByteBuffer memory = ByteBuffer.allocateDirect(1 << 20);
 *     images.read(BlobKey.of("base.img"), ByteRange.atMost(0, 1 << 20), memory); // downloads it
 *     images.read(BlobKey.of("base.img"), ByteRange.atMost(1 << 20, 1 << 20), memory.clear()); // from the disk
 * }
 * }</pre>
 *
 * <p><b>Reads.</b> A version that the cache has not seen is a miss, and nothing stale is ever returned. A read of the
 * current version asks the remote store for the metadata. A read of a given version ({@code ifMatch}) needs no request
 * if the cache has that version, even if the remote store cannot be reached, or another process has replaced the blob
 * since; if this process has replaced or deleted it, the remote store decides. The metadata of such a read is that of
 * the time when the version was cached. A blob of up to {@link CachedStoreOptions#wholeBlobLimit()} bytes is downloaded
 * as a whole, once for all reads that wait for it, and these get bytes as they arrive, except for the last 1 MiB, which
 * is delivered after size and checksum were compared. The bytes of a larger one are cached in pieces, or not at all. If
 * the cache fails, or its content is damaged, the read goes on at the remote store, at the byte that was reached.
 *
 * <p><b>Writes</b> go to the remote store, without another copy, and are not cached unless
 * {@link CachedStoreOptions#cacheOnWrite()} is set. With {@link CachedStoreOptions#writeBack()}, {@link #store} returns
 * when content and metadata are on the disk, and uploads follow in the background, in order for each key: they survive
 * a kill of the process, and are repeated until they succeed; content that waits is never evicted. The blob has a
 * version of its own then ({@code pending-…}), under which it can still be read, and be the condition of a change,
 * after it was uploaded. Reads and metadata are those of the acknowledged blob at once. What only the remote store can
 * decide waits for the uploads of the keys concerned, and fails if they fail: stores with a condition, copies,
 * listings, {@code deleteAll} and presigned URLs. If there is no room, the blob is uploaded before it is acknowledged.
 * A key that the remote store refuses is found out after it was acknowledged: it is logged, and repeated until the blob
 * is deleted.
 *
 * <p>Thread-safe.
 */
public final class CachedBlobStore extends ForwardingBlobStore {
    private final BlobStore remote;
    private final Counters counters;
    private final CachedReads reads;
    private final @Nullable WriteBack writeBack;
    private final List<Closeable> owned;

    private CachedBlobStore(
            BlobStore front,
            BlobStore remote,
            Counters counters,
            CachedReads reads,
            @Nullable WriteBack writeBack,
            List<? extends Closeable> owned) {
        super(front);
        this.remote = remote;
        this.counters = counters;
        this.reads = reads;
        this.writeBack = writeBack;
        this.owned = List.copyOf(owned);
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
     * @throws IOException if the directory of pieces, or of blobs that wait to be uploaded, cannot be used
     * @throws IllegalArgumentException if blobs are to be written back, and the cache is not open in exclusive mode
     * @throws IllegalStateException if another store of this process writes back from the same cache to a store with
     *     the same description
     */
    public static CachedBlobStore open(BlobStore remote, ContentCache cache, CachedStoreOptions options)
            throws IOException {
        Objects.requireNonNull(cache, "cache");
        return open(remote, cache, options, List.of());
    }

    /** Opens a cached store that closes other things after itself. */
    static CachedBlobStore open(
            BlobStore remote, ContentCache cache, CachedStoreOptions options, List<? extends Closeable> owned)
            throws IOException {
        if (options.writeBack().isPresent() && cache.accessMode() != AccessMode.EXCLUSIVE) {
            throw new IllegalArgumentException("write-back needs a cache that is open with AccessMode.EXCLUSIVE, not "
                    + cache.accessMode() + ": another process could upload what waits, too");
        }
        String storeId = options.storeId().orElse(remote.toString());
        String name = Sha256.of(ByteBuffer.wrap(storeId.getBytes(StandardCharsets.UTF_8)))
                .hex();
        Counters counters = new Counters();
        List<Closeable> opened = new ArrayList<>();
        try {
            PieceCache pieces = null;
            if (options.maxPieceBytes() > 0) {
                Path directory = cache.stateDirectory().resolve("pieces").resolve(name);
                pieces = PieceCache.open(directory, options.pieceSize(), options.maxPieceBytes());
                opened.add(pieces);
            }
            CachingStore caching = new CachingStore(remote, cache, options, pieces, counters);
            if (options.writeBack().isEmpty()) {
                return new CachedBlobStore(caching, remote, counters, caching.reads(), null, owned);
            }
            VersionAliases aliases = new VersionAliases(cache, storeId);
            PendingFiles files = PendingFiles.open(cache.pins(), name, storeId);
            opened.add(files);
            WriteBackOptions limits = options.writeBack().get();
            WriteBackQueue queue = new WriteBackQueue(limits.maxBlobs(), limits.maxBytes());
            WriteBackUploads uploads =
                    new WriteBackUploads(cache, caching, queue, files, new UploadedVersions(caching, aliases), limits);
            WriteBack writeBack = new WriteBack(cache, files, queue, uploads);
            return new CachedBlobStore(
                    new WriteBackStore(caching, writeBack, aliases),
                    remote,
                    counters,
                    caching.reads(),
                    writeBack,
                    owned);
        } catch (IOException | RuntimeException e) {
            Closing.afterFailure(opened, e);
            throw e;
        }
    }

    /**
     * Returns what was acknowledged and waits in a cache to be uploaded, for each store that has anything. The cache
     * may be open read-only while another process writes to it: then that may change meanwhile.
     */
    public static List<PendingUploads> pendingUploads(ContentCache cache) throws IOException {
        return PendingUploads.of(cache);
    }

    /**
     * Begins to download what ranges of a blob need: all of it, or the pieces that hold the ranges, in their order,
     * with several requests at a time. Returns after one request for the metadata; reads use what has arrived.
     *
     * @param ranges ranges inside the blob
     * @return the prefetch, which need not be waited for
     * @throws io.blobstore.BlobNotFoundException if there is no blob
     * @throws io.blobstore.RangeNotSatisfiableException if an exact range is not inside the blob
     * @throws IllegalStateException if the blob is larger than {@link CachedStoreOptions#wholeBlobLimit()}, and
     *     {@link CachedStoreOptions#maxPieceBytes()} is 0; or the store is closed
     */
    public Prefetch prefetch(BlobKey key, List<ByteRange> ranges) throws IOException {
        Objects.requireNonNull(ranges, "ranges");
        List<ByteRange> wanted = List.copyOf(ranges);
        return reads.prefetch(key, blob -> wanted);
    }

    /**
     * Begins to download what was read of a blob, or of one that is read in the same way, when a trace was recorded;
     * see {@link #prefetch}. What is beyond the end of the blob is skipped.
     *
     * @throws IOException as {@link #prefetch} does
     */
    public Prefetch warm(BlobKey key, AccessTrace trace) throws IOException {
        Objects.requireNonNull(trace, "trace");
        return reads.prefetch(key, blob -> trace.within(blob.size()));
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
                writeBack == null ? 0 : writeBack.blobs(),
                writeBack == null ? 0 : writeBack.bytes(),
                writeBack == null ? 0 : writeBack.uploaded(),
                writeBack == null ? 0 : writeBack.retries(),
                writeBack == null ? 0 : writeBack.lost());
    }

    /**
     * Waits for the uploads of acknowledged blobs, for {@link WriteBackOptions#closeTimeout()} at most; ends the
     * downloads into the cache; and closes the remote store. The cache belongs to the caller. Idempotent.
     *
     * @throws LostBlobsException if blobs were acknowledged whose content was damaged or deleted in the cache before it
     *     was uploaded; everything is closed nevertheless
     */
    @Override
    public void close() throws IOException {
        List<Closeable> parts = new ArrayList<>();
        parts.add(super::close);
        parts.addAll(owned);
        Closing.all(parts);
    }

    @Override
    public String toString() {
        return "CachedBlobStore(" + remote + ")";
    }
}
