package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.Sha256;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.DigestMismatchException;
import io.blobstore.cas.Keyspace;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A remote cache behind a local one: fetches entries into it, and uploads entries from it.
 *
 * <p><b>Fetching.</b> Content is downloaded once for all who want it at the same time, and is in the local cache when
 * its SHA-256 was verified. Content that is not what its hash says is not kept, and not there from then on, until an
 * upload replaces it. The records of the other keyspaces are what the remote cache has.
 *
 * <p><b>Uploading.</b> With {@link CachedStoreOptions#writeBack()}, entries are {@linkplain #accept accepted}: a record
 * is on the disk, and the upload follows in the background. It survives a kill of the process, and is repeated until it
 * succeeds; content that waits is never evicted. Content that the remote cache has is not uploaded again.
 *
 * <p>All methods block. Thread-safe.
 */
public final class RemoteCache implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteCache.class);
    private static final int MAX_FILLS = 2;
    /** Content of up to so many bytes takes one request if the store can do that. */
    private static final int SMALL = 1 << 20;
    /** Stands for the version of content whose metadata nobody has asked for. */
    private static final BlobVersion HERE = new BlobVersion("local");
    /** Records of up to so many bytes take one request. */
    private static final int SMALL_RECORD = 64 << 10;

    private final RemoteEntries entries;
    private final ContentCache cache;
    private final Fills fills;
    private final @Nullable WriteBack writeBack;
    private final LongAdder fetched = new LongAdder();
    private final LongAdder fetchedBytes = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final LongAdder refused = new LongAdder();

    private RemoteCache(RemoteEntries entries, ContentCache cache, Fills fills, @Nullable WriteBack writeBack) {
        this.entries = entries;
        this.cache = cache;
        this.fills = fills;
        this.writeBack = writeBack;
    }

    /**
     * Opens a remote cache, and goes on with what was accepted before. Of the options, those count that are about
     * downloads, write-back and the name of the store.
     *
     * @param entries the remote cache, which is closed with this
     * @param cache the local cache, which the caller closes after this
     * @throws IOException if the directory of entries that wait to be uploaded cannot be used
     * @throws IllegalArgumentException if entries are to be written back, and the cache is not open in exclusive mode
     */
    public static RemoteCache open(EntryBlobStore entries, ContentCache cache, CachedStoreOptions options)
            throws IOException {
        if (options.writeBack().isPresent() && cache.accessMode() != AccessMode.EXCLUSIVE) {
            throw new IllegalArgumentException("write-back needs a cache that is open with AccessMode.EXCLUSIVE, not "
                    + cache.accessMode() + ": another process could upload what waits, too");
        }
        RemoteEntries remote = new RemoteEntries(entries);
        Fills fills = new Fills(remote, cache, new Addressed(), new Counters(), options);
        try {
            WriteBack writeBack = options.writeBack().isEmpty()
                    ? null
                    : writeBack(remote, cache, options, options.writeBack().get());
            return new RemoteCache(remote, cache, fills, writeBack);
        } catch (IOException | RuntimeException e) {
            fills.close();
            throw e;
        }
    }

    private static WriteBack writeBack(
            RemoteEntries remote, ContentCache cache, CachedStoreOptions options, WriteBackOptions limits)
            throws IOException {
        String id = "entries of " + options.storeId().orElse(remote.toString());
        String name =
                Sha256.of(ByteBuffer.wrap(id.getBytes(StandardCharsets.UTF_8))).hex();
        PendingFiles files = PendingFiles.open(cache.pins(), name, id);
        try {
            WriteBackQueue queue = new WriteBackQueue(limits.maxBlobs(), limits.maxBytes());
            WriteBackUploads uploads = new WriteBackUploads(cache, remote, queue, files, (blob, stored) -> {}, limits);
            return new WriteBack(cache, files, queue, uploads);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** Knows the digest of content by its key. */
    private static final class Addressed implements FillRecords {
        @Override
        public Optional<Digest> expected(BlobMetadata blob) {
            return Optional.of(digest(blob));
        }

        static Digest digest(BlobMetadata blob) {
            String key = blob.key().toString();
            return new Digest(Sha256.parse(key.substring(key.lastIndexOf('/') + 1)), blob.size());
        }

        @Override
        public void put(VersionRecord record) {
            // the key tells
        }
    }

    // ---- fetching

    /**
     * Returns the metadata of content without transferring it; empty if it is not there. Its size is that of the
     * content.
     *
     * @throws IOException if the remote cache cannot tell
     */
    public Optional<BlobMetadata> find(Sha256 hash) throws IOException {
        BlobKey key = EntryBlobStore.key(Keyspace.CAS, hash);
        try {
            return Optional.of(entries.head(key));
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        } catch (IntegrityException e) {
            setWrong(key, e);
            return Optional.empty();
        }
    }

    /**
     * Looks for content, like {@link #find}, and fetches it if it has up to 1 MiB: with one request, where the store
     * can do that. Larger content has to be {@linkplain #fetch fetched}. Asks for nothing that is in the local cache,
     * as it may be since the caller has looked there.
     *
     * @return the metadata; empty if it is not there, or is something else, or the local cache has no room for it
     * @throws IOException if the remote cache fails, or the thread is interrupted
     */
    public Optional<BlobMetadata> findAndFetchSmall(Sha256 hash) throws IOException {
        BlobKey key = EntryBlobStore.key(Keyspace.CAS, hash);
        long here = cache.size(hash).orElse(0);
        if (here > 0) {
            return Optional.of(
                    BlobMetadata.builder(key, here, HERE, Instant.EPOCH).build());
        }
        try (PooledBuffer memory = DirectBufferPool.shared().take(SMALL)) {
            BlobMetadata blob = entries.readSmall(key, memory.buffer());
            ByteBuffer content = memory.buffer().flip();
            return content.hasRemaining() && !keep(blob, content) ? Optional.empty() : Optional.of(blob);
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        } catch (IntegrityException | DigestMismatchException e) {
            setWrong(key, e);
            return Optional.empty();
        }
    }

    private boolean keep(BlobMetadata blob, ByteBuffer content) throws IOException {
        try {
            cache.put(Addressed.digest(blob), BlobSource.of(content));
            fetched.increment();
            fetchedBytes.add(blob.size());
            return true;
        } catch (DigestMismatchException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            setRefused(blob.key(), e);
            return false;
        }
    }

    private void setRefused(BlobKey key, @Nullable Throwable problem) {
        refused.increment();
        LOG.warn("'{}' cannot be cached", key, problem);
    }

    private void setWrong(BlobKey key, @Nullable Throwable problem) {
        wrong.increment();
        entries.setWrong(key);
        LOG.warn(
                "'{}' of {} is not what its name says, and is not used: {}",
                key,
                entries,
                problem == null ? "no details" : problem.getMessage());
    }

    /**
     * Fetches content into the local cache, unless it is there.
     *
     * @param blob the metadata that {@link #find} returned
     * @param begun is run when the first bytes can be read, at most once for each attempt: until this returns, others
     *     can {@linkplain #arriving read} what has arrived
     * @return whether it is there now; false if what the remote cache has is something else, or the local cache has no
     *     room for it
     * @throws IOException if the remote cache fails, or the thread is interrupted
     * @throws IllegalStateException if this, or the cache, is closed
     */
    public boolean fetch(BlobMetadata blob, Runnable begun) throws IOException {
        if (blob.size() == 0) {
            return false; // content of no bytes is in every cache
        }
        Digest content = Addressed.digest(blob);
        Throwable problem = null;
        for (int i = 0; i < MAX_FILLS && !cache.contains(content); i++) {
            Optional<Fill> fill = fills.join(blob);
            if (fill.isEmpty()) {
                continue; // it is there by now, or the cache refuses it
            }
            FillOutcome outcome = await(fill.get(), begun);
            problem = fill.get().problem();
            switch (outcome) {
                case COMPLETE -> {
                    return true;
                }
                case WRONG -> {
                    setWrong(blob.key(), problem);
                    return false;
                }
                case REFUSED -> {
                    setRefused(blob.key(), problem);
                    return false;
                }
                case LOST -> {} // another one may succeed
                case FINAL -> throw failed(blob.key(), problem);
            }
        }
        if (problem != null && !cache.contains(content)) {
            throw failed(blob.key(), problem);
        }
        return cache.contains(content);
    }

    private static BlobStoreException failed(BlobKey key, @Nullable Throwable problem) {
        return problem instanceof BlobStoreException known
                ? known
                : new BlobStoreException(Operation.READ, key, "could not be downloaded: " + problem, problem, true);
    }

    private FillOutcome await(Fill fill, Runnable begun) throws IOException {
        FillReads reads = new FillReads(fill);
        boolean left = false;
        try {
            if (reads.awaitBegin()) {
                begun.run();
            }
            FillOutcome outcome = reads.await();
            left = true;
            fill.leave(false);
            return outcome;
        } finally {
            if (!left) {
                fill.leave(true);
            }
        }
    }

    /**
     * Returns the content that is being {@linkplain #fetch fetched} at the moment, to be closed by the caller; empty if
     * it is not.
     *
     * @param blob the metadata that it is fetched by
     */
    public Optional<ArrivingContent> arriving(BlobMetadata blob) {
        return fills.joinRunning(blob).map(ArrivingContent::new);
    }

    /** Ends the fetches, and begins no more; who waits for them is told. Does not wait for their ends. Idempotent. */
    public void endFetches() {
        fills.stop();
    }

    /**
     * Fetches a record into the local cache.
     *
     * @param maxBytes records of more bytes are not fetched
     * @return whether it is there now
     * @throws IOException if the remote cache fails, or the thread is interrupted
     */
    public boolean fetchRecord(Keyspace keyspace, Sha256 hash, int maxBytes) throws IOException {
        BlobKey key = EntryBlobStore.key(keyspace, hash);
        Optional<ByteBuffer> record;
        try {
            record = read(key, maxBytes);
        } catch (BlobNotFoundException e) {
            return false;
        }
        if (record.isEmpty()) {
            LOG.warn("'{}' of {} has more than {} bytes, and is not used", key, entries, maxBytes);
            return false;
        }
        if (writeBack == null || writeBack.get(key).isEmpty()) { // else it was replaced here meanwhile
            cache.putRecord(keyspace, hash, BlobSource.of(record.get()));
            fetched.increment();
            fetchedBytes.add(record.get().remaining());
        }
        return true;
    }

    private Optional<ByteBuffer> read(BlobKey key, int maxBytes) throws IOException {
        try (PooledBuffer memory = DirectBufferPool.shared().take(SMALL_RECORD)) {
            ByteBuffer start = memory.buffer();
            BlobMetadata blob = entries.readSmall(key, start);
            long size = blob.size();
            if (size > maxBytes) {
                return Optional.empty();
            }
            ByteBuffer record = ByteBuffer.allocate((int) size);
            if (size == start.position()) {
                record.put(start.flip());
            } else {
                entries.read(key, ByteRange.of(0, size), record, ReadOptions.ifMatch(blob.version()));
            }
            return Optional.of(record.flip());
        }
    }

    // ---- uploading

    /**
     * Accepts content of the local cache to be uploaded in the background. When this returns true, that survives a kill
     * of the process.
     *
     * @return false if nothing is uploaded in the background, or there is no room: then it has to be
     *     {@linkplain #upload uploaded} at once
     * @throws IOException if the thread is interrupted
     */
    public boolean accept(Digest content) throws IOException {
        return writeBack != null
                && writeBack.acceptCached(
                        EntryBlobStore.key(Keyspace.CAS, content.sha256()), content, Optional.empty());
    }

    /**
     * Accepts a record to be uploaded in the background, after those that were accepted before under its key. Until
     * then, the local cache has its bytes as content, too.
     *
     * @param record the record, from position to limit, which are unchanged
     * @return false if it has to be {@linkplain #uploadRecord uploaded} at once
     * @throws IOException if the local cache fails, or the thread is interrupted
     */
    public boolean acceptRecord(Keyspace keyspace, Sha256 hash, ByteBuffer record) throws IOException {
        if (writeBack == null || !record.hasRemaining()) {
            return false;
        }
        BlobSource source = BlobSource.of(record);
        Digest content = Digest.of(source);
        cache.put(content, source);
        return writeBack.acceptCached(
                EntryBlobStore.key(keyspace, hash), content, Optional.of(Crc32c.of(record.duplicate())));
    }

    /**
     * Uploads content of the local cache, unless the remote cache has it.
     *
     * @throws IOException if the remote cache fails, or the content is not in the local one any more
     */
    public void upload(Digest content) throws IOException {
        BlobKey key = EntryBlobStore.key(Keyspace.CAS, content.sha256());
        try (CachedContent opened = cache.open(content)
                .orElseThrow(() -> new BlobStoreException(
                        Operation.STORE, key, "was evicted before it was uploaded; store it again", null, true))) {
            opened.verify();
            store(key, CachedSource.of(opened));
        }
    }

    /** Uploads a record, in place of the one that the remote cache has. */
    public void uploadRecord(Keyspace keyspace, Sha256 hash, ByteBuffer record) throws IOException {
        store(EntryBlobStore.key(keyspace, hash), BlobSource.of(record));
    }

    private void store(BlobKey key, BlobSource source) throws IOException {
        if (writeBack == null) {
            entries.store(key, source);
        } else {
            writeBack.instead(Operation.STORE, key, () -> entries.store(key, source));
        }
    }

    // ---- state

    /** Returns what this has done since it was opened. */
    public RemoteCacheStats stats() {
        return new RemoteCacheStats(
                fetched.sum() + fills.completed(),
                fetchedBytes.sum() + fills.completedBytes(),
                wrong.sum(),
                refused.sum(),
                entries.skipped.sum(),
                writeBack == null ? 0 : writeBack.blobs(),
                writeBack == null ? 0 : writeBack.bytes(),
                writeBack == null ? 0 : writeBack.uploaded(),
                writeBack == null ? 0 : writeBack.retries(),
                writeBack == null ? 0 : writeBack.lost());
    }

    /** Closes this, with {@link WriteBackOptions#closeTimeout()}; see {@link #close(Duration)}. */
    @Override
    public void close() throws IOException {
        close(writeBack == null ? List.of() : List.of(writeBack));
    }

    /**
     * Ends the downloads, waits for the uploads of what was accepted, and closes the remote cache. What is not uploaded
     * by then stays recorded, and is uploaded when this is opened again. Idempotent.
     *
     * @param timeout how long uploads are waited for
     * @throws LostBlobsException if content that was accepted was damaged or deleted before it was uploaded
     */
    public void close(Duration timeout) throws IOException {
        close(writeBack == null ? List.of() : List.of(() -> writeBack.close(timeout)));
    }

    private void close(List<Closeable> uploads) throws IOException {
        List<Closeable> parts = new ArrayList<>();
        parts.add(fills);
        parts.addAll(uploads);
        parts.add(entries);
        Closing.all(parts);
    }

    @Override
    public String toString() {
        return "RemoteCache(" + entries + ")";
    }
}
