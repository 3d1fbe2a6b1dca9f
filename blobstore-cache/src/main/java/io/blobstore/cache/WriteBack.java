package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.CachedContent;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Digest;
import io.blobstore.internal.concurrent.Interrupts;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts blobs: content goes into the cache and is pinned, then a record is forced to the device, and then the blob is
 * acknowledged. {@link WriteBackUploads} does the rest. Thread-safe.
 */
final class WriteBack implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(WriteBack.class);

    private final ContentCache cache;
    private final PendingFiles files;
    private final WriteBackQueue queue;
    private final WriteBackUploads uploads;
    private final AtomicLong sequence = new AtomicLong();
    private volatile boolean closed;

    /** Takes up what was acknowledged before, and begins to upload. */
    WriteBack(ContentCache cache, PendingFiles files, WriteBackQueue queue, WriteBackUploads uploads)
            throws IOException {
        this.cache = cache;
        this.files = files;
        this.queue = queue;
        this.uploads = uploads;
        try {
            PendingFiles.Loaded loaded = files.load();
            sequence.set(loaded.lastSequence());
            for (PendingRecord record : loaded.records()) {
                queue.reserveAnyway(record.content().size());
                add(new PendingBlob(record, true));
            }
        } catch (IOException | RuntimeException e) {
            uploads.abandon();
            throw e;
        }
        uploads.start();
    }

    /** Adds a blob to those that wait, and deletes the record of the one that it replaces. */
    private void add(PendingBlob blob) {
        if (queue.add(blob)) {
            try {
                uploads.discardReplaced(blob);
            } finally {
                queue.unlockKey(blob.record.blob().key());
            }
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cached store is closed");
        }
    }

    /**
     * Accepts a blob.
     *
     * @return empty if there is no room, or the cache fails: then it has to be uploaded at once
     * @throws IOException if the source fails, or the thread is interrupted
     */
    Optional<StoredBlob> accept(BlobKey key, BlobSource source, StoreOptions options) throws IOException {
        long size = source.size();
        if (!queue.reserve(size)) {
            return Optional.empty();
        }
        boolean accepted = false;
        try {
            Optional<PendingBlob> pending = keep(key, source, options);
            if (pending.isPresent()) {
                accepted = true;
                add(pending.get());
            }
            return pending.map(blob -> blob.record.blob())
                    .map(blob -> StoredBlob.of(key, blob.size(), blob.version(), blob.checksum()));
        } finally {
            if (!accepted) {
                queue.release(size);
            }
        }
    }

    private Optional<PendingBlob> keep(BlobKey key, BlobSource source, StoreOptions options) throws IOException {
        WriteThrough.Written written;
        try {
            written = WriteThrough.write(cache, source);
        } catch (WriteThrough.CacheFailure e) {
            if (Interrupts.caused(e)) {
                throw new BlobStoreException(Operation.STORE, key, "was interrupted", e, true);
            }
            LOG.warn("'{}' is uploaded at once, as it cannot be cached: {}", key, e.getMessage());
            return Optional.empty();
        }
        PendingRecord record = record(key, written.content(), Optional.of(written.checksum()), options);
        return addFile(record) ? Optional.of(new PendingBlob(record, false)) : Optional.empty();
    }

    private PendingRecord record(BlobKey key, Digest content, Optional<Crc32c> checksum, StoreOptions options) {
        BlobMetadata blob = BlobMetadata.builder(
                        key,
                        content.size(),
                        VersionAliases.create(UUID.randomUUID().toString()),
                        Instant.now().truncatedTo(ChronoUnit.MILLIS))
                .checksum(checksum)
                .contentHeaders(options.contentHeaders())
                .userMetadata(options.userMetadata())
                .build();
        return new PendingRecord(sequence.incrementAndGet(), blob, content);
    }

    /**
     * Accepts content that is in the cache already. It is not read.
     *
     * @param checksum the checksum of the content, if it is known
     * @return false if there is no room, or the cache fails: then it has to be uploaded at once
     * @throws IOException if the thread is interrupted
     */
    boolean acceptCached(BlobKey key, Digest content, Optional<Crc32c> checksum) throws IOException {
        requireOpen();
        if (queue.get(key)
                .filter(waiting -> waiting.record.content().equals(content))
                .isPresent()) {
            return true;
        }
        if (!queue.reserve(content.size())) {
            return false;
        }
        boolean accepted = false;
        try {
            PendingRecord record = record(key, content, checksum, StoreOptions.DEFAULT);
            accepted = addFile(record);
            if (accepted) {
                add(new PendingBlob(record, false));
            }
            return accepted;
        } finally {
            if (!accepted) {
                queue.release(content.size());
            }
        }
    }

    private boolean addFile(PendingRecord record) throws IOException {
        boolean added = false;
        files.pin(record);
        try {
            if (cache.contains(record.content())) { // else it was evicted before it was pinned
                files.add(record);
                added = true;
            }
        } catch (IOException e) {
            if (Interrupts.caused(e)) {
                throw new BlobStoreException(Operation.STORE, record.blob().key(), "was interrupted", e, true);
            }
            LOG.warn(
                    "'{}' is uploaded at once, as its record cannot be written",
                    record.blob().key(),
                    e);
        } finally {
            if (!added) {
                files.remove(record);
            }
        }
        return added;
    }

    // ---- blobs that wait

    /** Returns the blob that a key has until it is uploaded. */
    Optional<PendingBlob> get(BlobKey key) {
        return queue.get(key);
    }

    /**
     * Opens the content of a blob that waits.
     *
     * @return empty if it was uploaded meanwhile, and evicted
     * @throws IntegrityException if it is missing although the blob still waits
     */
    Optional<CachedContent> open(PendingBlob blob) throws IOException {
        Optional<CachedContent> content = cache.open(blob.record.content());
        BlobKey key = blob.record.blob().key();
        if (content.isEmpty() && queue.get(key).filter(blob::equals).isPresent()) {
            throw new IntegrityException(
                    Operation.READ,
                    key,
                    "its content is damaged in the cache, and was not uploaded; store it again",
                    null);
        }
        return content;
    }

    /** Waits until the blobs that matching keys have now are uploaded; fails if an attempt fails. */
    void settle(Operation operation, Predicate<BlobKey> wanted) throws IOException {
        queue.settle(operation, wanted);
    }

    /** A request that changes a key. */
    interface Change<T> {
        /** Sends the request. */
        T run() throws IOException;
    }

    /**
     * Changes a key of the remote store instead of uploading the blob that waits, which is dropped if that succeeds.
     */
    <T> T instead(Operation operation, BlobKey key, Change<T> change) throws IOException {
        queue.lockKey(operation, key);
        try {
            Optional<PendingBlob> waiting = queue.get(key);
            T result = change.run();
            waiting.filter(queue::remove).ifPresent(uploads::discard);
            return result;
        } finally {
            queue.unlockKey(key);
        }
    }

    /** Changes a key of the remote store after the blob that waits was uploaded. */
    <T> T after(Operation operation, BlobKey key, Change<T> change) throws IOException {
        for (; ; ) {
            queue.settle(operation, key::equals);
            queue.lockKey(operation, key);
            try {
                if (queue.get(key).isEmpty()) {
                    return change.run();
                }
            } finally {
                queue.unlockKey(key);
            }
        }
    }

    // ---- state

    long blobs() {
        return queue.blobs();
    }

    long bytes() {
        return queue.bytes();
    }

    long uploaded() {
        return uploads.uploaded();
    }

    long retries() {
        return uploads.retries();
    }

    long lost() {
        return uploads.lost().size();
    }

    /**
     * Accepts no more blobs, waits until those that wait are uploaded, for a limited time, and ends the threads.
     *
     * @throws LostBlobsException if content was lost before it was uploaded; the first time only
     */
    @Override
    public void close() throws IOException {
        close(uploads);
    }

    /** Closes this, waiting for uploads for the given time at most. */
    void close(Duration timeout) throws IOException {
        close(() -> uploads.close(timeout));
    }

    private void close(Closeable ending) throws IOException {
        boolean first = !closed;
        closed = true;
        List<Closeable> parts = new ArrayList<>();
        parts.add(ending);
        parts.add(files);
        Closing.all(parts);
        List<BlobKey> lost = uploads.lost();
        if (first && !lost.isEmpty()) {
            throw new LostBlobsException(lost);
        }
    }
}
