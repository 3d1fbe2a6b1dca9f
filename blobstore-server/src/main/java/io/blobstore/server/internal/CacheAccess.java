package io.blobstore.server.internal;

import io.blobstore.BlobSource;
import io.blobstore.Sha256;
import io.blobstore.cas.CacheStats;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.CachedRecord;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.server.internal.remote.Fetched;
import io.blobstore.server.internal.remote.RemoteTier;
import io.blobstore.zstd.internal.FrameEncoder;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the endpoints do with the cache. All methods may block on the disk, and are called by {@link Workers}.
 * Thread-safe.
 */
public final class CacheAccess implements Closeable {
    private static final int LEVEL = 1;
    private static final int MAX_IDLE = 8;

    private final ContentCache cache;
    private final ReadMemory memory;
    private final long maxBlobBytes;
    private final int maxRecordBytes;
    private final Optional<RemoteTier> remote;
    private final Optional<RecordCheck> check;
    private final UploadTurns uploads =
            UploadTurns.of(Runtime.getRuntime().maxMemory()); // the JVM's default for direct memory
    private final IdleObjects<FrameEncoder> encoders =
            new IdleObjects<>(() -> new FrameEncoder(LEVEL), FrameEncoder::close, MAX_IDLE);

    /** Creates the access to a cache, within limits in bytes, and to the remote cache behind it if there is one. */
    public CacheAccess(
            ContentCache cache, ReadMemory memory, long maxBlobBytes, int maxRecordBytes, Optional<RemoteTier> remote) {
        this(cache, memory, maxBlobBytes, maxRecordBytes, remote, Optional.empty());
    }

    private CacheAccess(
            ContentCache cache,
            ReadMemory memory,
            long maxBlobBytes,
            int maxRecordBytes,
            Optional<RemoteTier> remote,
            Optional<RecordCheck> check) {
        this.cache = cache;
        this.memory = memory;
        this.maxBlobBytes = maxBlobBytes;
        this.maxRecordBytes = maxRecordBytes;
        this.remote = remote;
        this.check = check;
    }

    /** Returns the same access, with which only valid action results are put, and complete ones found. */
    public CacheAccess checkedBy(RecordCheck rules) {
        return new CacheAccess(
                cache,
                memory,
                maxBlobBytes,
                Math.min(maxRecordBytes, RecordCheck.MAX_BYTES),
                remote,
                Optional.of(rules));
    }

    /** Returns the cache. */
    public ContentCache cache() {
        return cache;
    }

    /** Returns the memory for content on its way to clients. */
    public ReadMemory memory() {
        return memory;
    }

    /** Returns the turns of uploads of more than a first piece. */
    public UploadTurns uploads() {
        return uploads;
    }

    /** Returns encoders for content that is not stored in the frames that a client wants. */
    public IdleObjects<FrameEncoder> encoders() {
        return encoders;
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
        return ContentUpload.begin(this, digest, zstd);
    }

    /**
     * Begins an upload of a record.
     *
     * @param size the size in bytes
     * @throws io.blobstore.cas.CacheFullException if there is no room
     */
    public Upload uploadRecord(Keyspace keyspace, Sha256 key, long size) throws IOException {
        return new RecordUpload(this, keyspace, key, cache.writeRecord(keyspace, key, size), check(keyspace));
    }

    /** Returns whether a client may have what was found: a record only if it is complete, where that is asked for. */
    public CompletableFuture<Boolean> isComplete(Keyspace keyspace, Sha256 key) throws IOException {
        Optional<RecordCheck> rules = check(keyspace);
        if (rules.isEmpty()) {
            return CompletableFuture.completedFuture(true);
        }
        try (@Nullable CachedRecord record = cache.openRecord(keyspace, key).orElse(null)) {
            if (record == null || record.size() > maxRecordBytes) {
                return CompletableFuture.completedFuture(false);
            }
            ByteBuffer content = ByteBuffer.allocate((int) record.size());
            record.stored().read(0, content);
            return rules.get().isComplete(content.flip());
        }
    }

    private Optional<RecordCheck> check(Keyspace keyspace) {
        return keyspace == Keyspace.AC ? check : Optional.empty();
    }

    // ---- the remote cache

    /** Returns the remote cache. */
    public Optional<RemoteTier> remote() {
        return remote;
    }

    /**
     * Fetches what the local cache does not have from the remote one, if there is one.
     *
     * @param keyspace of content or of a record
     * @return whether it is there now
     */
    public CompletableFuture<Boolean> fetch(Keyspace keyspace, Sha256 hash) {
        return remote.map(tier -> keyspace == Keyspace.CAS ? tier.fetch(hash) : tier.fetchRecord(keyspace, hash))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }

    /** Fetches content like {@link #fetch}, to be used while it arrives; see {@link RemoteTier#follow}. */
    public CompletableFuture<Fetched> follow(Sha256 hash) {
        return remote.map(tier -> tier.follow(hash))
                .orElseGet(() -> CompletableFuture.completedFuture(Fetched.Known.ABSENT));
    }

    /** Returns the size of content that the remote cache has; empty if it does not have it, or there is none. */
    public CompletableFuture<OptionalLong> remoteSize(Sha256 hash) {
        return remote.map(tier -> tier.size(hash))
                .orElseGet(() -> CompletableFuture.completedFuture(OptionalLong.empty()));
    }

    /** Fetches all of some content that the local cache does not have, as far as there is any. */
    public CompletableFuture<Void> fetch(Collection<Digest> digests) throws IOException {
        if (remote.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.allOf(cache.missing(digests).stream()
                .map(digest -> fetch(Keyspace.CAS, digest.sha256()))
                .toArray(CompletableFuture[]::new));
    }

    /** Returns those digests whose content neither cache has, in their order. */
    public CompletableFuture<Set<Digest>> missing(Collection<Digest> digests) throws IOException {
        Set<Digest> missing = cache.missing(digests);
        return remote.isEmpty() || missing.isEmpty()
                ? CompletableFuture.completedFuture(missing)
                : remote.get().missing(missing);
    }

    /** Puts a record that a client sends at once; see {@link Upload#finish}. */
    public CompletableFuture<Void> putRecord(Keyspace keyspace, Sha256 key, ByteBuffer record) throws IOException {
        cache.putRecord(keyspace, key, BlobSource.of(record));
        return remote.isPresent()
                ? remote.get().putRecord(keyspace, key, record)
                : CompletableFuture.completedFuture(null);
    }

    /** Uploads content that was put, perhaps again; see {@link RemoteTier#put}. */
    public CompletableFuture<Void> uploaded(Digest content) throws IOException {
        return remote.isPresent() ? remote.get().put(content) : CompletableFuture.completedFuture(null);
    }

    /** Uploads a record that was put. */
    CompletableFuture<Void> uploaded(Keyspace keyspace, Sha256 key) throws IOException {
        if (remote.isPresent()) {
            Optional<ByteBuffer> record = cache.getRecord(keyspace, key);
            if (record.isPresent()) { // else it was evicted
                return remote.get().putRecord(keyspace, key, record.get());
            }
        }
        return CompletableFuture.completedFuture(null);
    }

    /** Releases what idle encoders hold; neither the cache nor the remote one is closed. Idempotent. */
    @Override
    public void close() {
        encoders.close();
    }
}
