package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.ContentWriter;
import io.blobstore.cas.Digest;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The downloads into the cache that are in progress: at most one for each version. Each is one transfer with one
 * request at a time, so that content arrives in order; retries resume at the byte that was reached. Thread-safe.
 */
final class Fills implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Fills.class);

    private final BlobStore remote;
    private final ContentCache cache;
    private final FillRecords records;
    private final Counters counters;
    private final RetryPolicy retry;
    private final boolean toEnd;
    private final Duration stallTimeout;
    private final ExecutorService threads;
    private final TransferManager transfers;
    private final ConcurrentHashMap<VersionKey, Fill> running = new ConcurrentHashMap<>();
    private final LongAdder completed = new LongAdder();
    private final LongAdder completedBytes = new LongAdder();
    private volatile boolean closed;

    Fills(BlobStore remote, ContentCache cache, FillRecords records, Counters counters, CachedStoreOptions options) {
        this.remote = remote;
        this.cache = cache;
        this.records = records;
        this.counters = counters;
        retry = options.retry();
        toEnd = options.fillToEnd();
        stallTimeout = options.stallTimeout();
        threads = DaemonThreads.pool("blobstore-fill", options.fillThreads());
        // The number of threads bounds the memory, as content does not stay in it.
        transfers = TransferManager.builder()
                .executor(threads)
                .maxBytesInFlight(Long.MAX_VALUE)
                .build();
    }

    /** Returns the metadata of a version that is being downloaded. */
    Optional<BlobMetadata> blob(VersionKey version) {
        return Optional.ofNullable(running.get(version)).map(Fill::blob);
    }

    /**
     * Joins the download of a version, or begins it.
     *
     * @return the fill, which the caller must leave; empty if the content is in the cache by now, or no download can
     *     begin
     */
    Optional<Fill> join(BlobMetadata blob) throws IOException {
        VersionKey version = VersionKey.of(blob);
        while (!closed) {
            Fill created = new Fill(blob, toEnd, stallTimeout);
            Fill other = running.putIfAbsent(version, created);
            if (other == null) {
                return begin(version, created);
            }
            if (other.join()) {
                counters.coalesced.increment();
                return Optional.of(other);
            }
            running.remove(version, other);
        }
        return Optional.empty();
    }

    /** Joins the download of a version that is in progress, if there is one. The caller must leave it. */
    Optional<Fill> joinRunning(BlobMetadata blob) {
        return Optional.ofNullable(running.get(VersionKey.of(blob))).filter(Fill::join);
    }

    private Optional<Fill> begin(VersionKey version, Fill fill) throws IOException {
        boolean begun = false;
        try {
            if (closed) {
                return Optional.empty(); // since the caller looked
            }
            Optional<Digest> known = records.expected(fill.blob());
            if (known.isPresent() && contains(known.get())) {
                return Optional.empty(); // another fill ended since the caller looked
            }
            begun = start(version, fill, known);
            return begun ? Optional.of(fill) : Optional.empty();
        } finally {
            if (!begun) {
                running.remove(version, fill);
                fill.abandon(); // who joined meanwhile goes on without it
                fill.leave(false);
                fill.neverBegan();
            }
        }
    }

    private boolean contains(Digest content) throws IOException {
        try {
            return cache.contains(content);
        } catch (IllegalStateException e) {
            return false; // closed: starting fails as well
        }
    }

    private boolean start(VersionKey version, Fill fill, Optional<Digest> expected) throws IOException {
        ContentWriter writer;
        try {
            writer = expected.isPresent()
                    ? cache.write(expected.get())
                    : cache.write(fill.blob().size());
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            LOG.debug("'{}' is not cached", version.key(), e);
            counters.cacheFailures.increment();
            fill.blame(FillOutcome.REFUSED, e);
            return false;
        }
        fill.started(writer);
        counters.fills.increment();
        FillTarget target = new FillTarget(
                fill, writer, (content, checksum) -> records.put(record(fill.blob(), content, checksum)));
        Transfer<ReadResult> transfer;
        try {
            transfer = transfers.download(remote, version.key(), ByteRange.all(), target, options(fill.blob()));
        } catch (IOException | RuntimeException e) { // closed meanwhile
            ended(version, fill, e);
            return false;
        }
        CompletableFuture<?> unused =
                transfer.toCompletableFuture().whenComplete((result, failure) -> ended(version, fill, failure));
        fill.transferring(transfer);
        return true;
    }

    private static VersionRecord record(BlobMetadata blob, Digest content, Crc32c checksum) {
        return new VersionRecord(
                blob.toBuilder()
                        .checksum(blob.checksum().or(() -> Optional.of(checksum)))
                        .build(),
                content);
    }

    private DownloadOptions options(BlobMetadata blob) {
        return DownloadOptions.builder()
                .partSize(Math.max(1, blob.size()))
                .concurrency(1)
                .read(ReadOptions.ifMatch(blob.version()))
                .retry(retry)
                .build();
    }

    private void ended(VersionKey version, Fill fill, @Nullable Throwable failure) {
        if (failure == null) {
            completed.increment();
            completedBytes.add(fill.blob().size());
        } else {
            counters.failedFills.increment();
            LOG.debug("The download of '{}' into the cache failed", version.key(), failure);
        }
        fill.ended(failure instanceof CompletionException e && e.getCause() != null ? e.getCause() : failure);
        running.remove(version, fill); // only now: closing waits for the ends of those that run
    }

    /** Returns the number of downloads that are in the cache. */
    long completed() {
        return completed.sum();
    }

    /** Returns the number of bytes of these downloads. */
    long completedBytes() {
        return completedBytes.sum();
    }

    /** Returns the manager of the downloads, which is closed with this object. */
    TransferManager transfers() {
        return transfers;
    }

    /** Cancels the downloads, and begins no more. Does not wait for their ends. */
    List<Fill> stop() {
        closed = true;
        List<Fill> ending = List.copyOf(running.values());
        ending.forEach(Fill::abandon);
        return ending;
    }

    /** Cancels the downloads, and waits until none uses the cache or the store. Idempotent. */
    @Override
    public void close() {
        List<Fill> ending = stop();
        transfers.close();
        ending.forEach(fill -> fill.end().join()); // the thread that began one may be the one that ends it
        threads.shutdown();
    }
}
