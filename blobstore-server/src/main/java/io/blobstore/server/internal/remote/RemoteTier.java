package io.blobstore.server.internal.remote;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.Sha256;
import io.blobstore.cache.ArrivingContent;
import io.blobstore.cache.LostBlobsException;
import io.blobstore.cache.RemoteCache;
import io.blobstore.cas.Digest;
import io.blobstore.cas.Keyspace;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.server.RemoteOptions;
import io.blobstore.server.internal.RemoteFailedException;
import io.blobstore.server.internal.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The remote cache behind the local one, for the endpoints. Nothing here blocks its caller on the network: futures
 * complete on threads of this tier, which may block on the disk. A remote cache that fails is one that has nothing; if
 * it fails several times in a row, it is left alone for a while. Thread-safe.
 */
public final class RemoteTier {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteTier.class);
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final long WARNING_INTERVAL = Duration.ofSeconds(10).toNanos();
    /** So many lookups may wait; what exceeds that is a miss. */
    private static final int MAX_WAITING = 50_000;

    /** Up to here, a client waits for all of some content: if that is not what it must be, the answer is a 404. */
    private static final long FOLLOWED_FROM = 4 << 20;

    private static final int UPLOADS = 8;
    private static final int FOLLOW_UPS = 4;

    private record RecordKey(Keyspace keyspace, Sha256 hash) {}

    private final RemoteCache remote;
    private final RemoteOptions options;
    private final int maxRecordBytes;
    private final RemoteCounts counts = new RemoteCounts();

    private final Circuit reading = new Circuit(PAUSE);
    private final Circuit writing = new Circuit(PAUSE);
    private final AtomicLong nextWarning = new AtomicLong(System.nanoTime());

    private final Workers lookups;
    private final Workers downloads;
    private final Workers uploads = Workers.forRemote("upload", UPLOADS);
    private final Workers followUps = Workers.forRemote("follow-up", FOLLOW_UPS);
    private final Flights<Sha256, Optional<BlobMetadata>> finds;
    private final Flights<Sha256, Optional<BlobMetadata>> smallFetches;
    private final Flights<RecordKey, Boolean> records;
    private final Flights<BlobKey, Boolean> fetches;
    private final ConcurrentHashMap<Sha256, Fetch> fetching = new ConcurrentHashMap<>();
    /** Uploads for which clients wait. */
    private final Set<CompletableFuture<Void>> stores = ConcurrentHashMap.newKeySet();

    private volatile boolean ended;

    /**
     * Creates the tier.
     *
     * @param remote closed with this
     * @param maxRecordBytes records of more bytes are not fetched
     */
    public RemoteTier(RemoteCache remote, RemoteOptions options, int maxRecordBytes) {
        this.remote = remote;
        this.options = options;
        this.maxRecordBytes = maxRecordBytes;
        lookups = Workers.forRemote("lookup", options.lookups());
        downloads = Workers.forRemote("download", options.downloads());
        finds = new Flights<>(lookups, Optional.of(options.lookupTimeout()), this::readEnded);
        smallFetches = new Flights<>(lookups, Optional.of(options.lookupTimeout()), this::readEnded);
        records = new Flights<>(lookups, Optional.of(options.lookupTimeout()), this::readEnded);
        fetches = new Flights<>(downloads, Optional.empty(), this::readEnded);
    }

    // ---- reading

    /** Returns the size of content in the remote cache; empty if it is not there. */
    public CompletableFuture<OptionalLong> size(Sha256 hash) {
        return find(hash).thenApply(blob -> {
            count(blob.isPresent());
            return blob.isPresent() ? OptionalLong.of(blob.get().size()) : OptionalLong.empty();
        });
    }

    /** Content that is wanted by at least one client, and looked for or downloaded. */
    private static final class Fetch {
        /** Whether it is in the local cache. */
        final CompletableFuture<Boolean> all = new CompletableFuture<>();
        /** The metadata by which it is downloaded, once the first bytes are there. */
        final CompletableFuture<BlobMetadata> begun = new CompletableFuture<>();
    }

    /** Fetches content into the local cache; the result tells whether it is there. */
    public CompletableFuture<Boolean> fetch(Sha256 hash) {
        return fetching(hash).all.thenApply(this::count);
    }

    /**
     * Fetches content into the local cache, for a client that uses it while it arrives.
     *
     * @return completes when all of it is there, or is not to be had, or its first bytes are there
     */
    public CompletableFuture<Fetched> follow(Sha256 hash) {
        Fetch fetch = fetching(hash);
        return CompletableFuture.anyOf(fetch.all, fetch.begun)
                .thenCompose(event -> arriving(fetch)
                        .map(content -> CompletableFuture.<Fetched>completedFuture(new Fetched.Arriving(content)))
                        .orElseGet(() -> fetch.all.<Fetched>thenApply(
                                there -> there ? Fetched.Known.PRESENT : Fetched.Known.ABSENT)))
                .thenApply(fetched -> {
                    count(fetched != Fetched.Known.ABSENT);
                    return fetched;
                });
    }

    private Optional<ArrivingContent> arriving(Fetch fetch) {
        return fetch.all.isDone() || !fetch.begun.isDone() ? Optional.empty() : remote.arriving(fetch.begun.join());
    }

    private Fetch fetching(Sha256 hash) {
        Fetch mine = new Fetch();
        Fetch other = fetching.putIfAbsent(hash, mine);
        if (other != null) {
            return other;
        }
        CompletableFuture<?> unused = lookUp(smallFetches, hash, () -> remote.findAndFetchSmall(hash))
                .thenCompose(found -> found.map(blob -> download(mine, blob))
                        .orElseGet(() -> CompletableFuture.completedFuture(false)))
                .whenComplete((there, failure) -> {
                    fetching.remove(hash, mine);
                    mine.all.complete(failure == null && there);
                });
        return mine;
    }

    private CompletableFuture<Boolean> download(Fetch fetch, BlobMetadata blob) {
        Runnable begun = blob.size() > FOLLOWED_FROM ? () -> fetch.begun.complete(blob) : () -> {};
        return attempt(fetches, blob.key(), () -> remote.fetch(blob, begun))
                .map(this::following)
                .orElse(CompletableFuture.completedFuture(false));
    }

    private CompletableFuture<Boolean> following(CompletableFuture<Boolean> flight) {
        return flight.handleAsync((result, failure) -> failure == null && result, followUps);
    }

    /** Fetches a record into the local cache; the result tells whether it is there. */
    public CompletableFuture<Boolean> fetchRecord(Keyspace keyspace, Sha256 hash) {
        return attempt(records, new RecordKey(keyspace, hash), () -> remote.fetchRecord(keyspace, hash, maxRecordBytes))
                .map(this::following)
                .orElse(CompletableFuture.completedFuture(false))
                .thenApply(this::count);
    }

    /** Returns those digests whose content the remote cache does not have, in their order. */
    public CompletableFuture<Set<Digest>> missing(Collection<Digest> digests) {
        Set<Digest> missing = new LinkedHashSet<>(digests);
        List<CompletableFuture<Optional<Digest>>> found = new ArrayList<>(missing.size());
        for (Digest digest : missing) {
            found.add(find(digest.sha256())
                    .thenApply(blob -> Optional.of(digest)
                            .filter(wanted ->
                                    count(blob.isPresent() && blob.get().size() == wanted.size()))));
        }
        return CompletableFuture.allOf(found.toArray(CompletableFuture[]::new)).thenApply(all -> {
            found.forEach(digest -> digest.join().ifPresent(missing::remove));
            return missing;
        });
    }

    private CompletableFuture<Optional<BlobMetadata>> find(Sha256 hash) {
        return lookUp(finds, hash, () -> remote.find(hash));
    }

    private CompletableFuture<Optional<BlobMetadata>> lookUp(
            Flights<Sha256, Optional<BlobMetadata>> flights, Sha256 hash, Callable<Optional<BlobMetadata>> work) {
        if (lookups.waiting() > MAX_WAITING) {
            counts.avoided.increment();
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return attempt(flights, hash, work)
                .map(flight -> flight.handleAsync(
                        (blob, failure) -> failure == null ? blob : Optional.<BlobMetadata>empty(), followUps))
                .orElse(CompletableFuture.completedFuture(Optional.empty()));
    }

    private boolean count(boolean hit) {
        (hit ? counts.hits : counts.misses).increment();
        return hit;
    }

    /** Begins or joins work unless the remote cache is left alone. */
    private <K, V> Optional<CompletableFuture<V>> attempt(Flights<K, V> flights, K key, Callable<V> work) {
        if (ended || !reading.allows()) {
            counts.avoided.increment();
            return Optional.empty();
        }
        return Optional.of(flights.join(key, work));
    }

    private void readEnded(@Nullable Object result, @Nullable Throwable failure) {
        if (failure == null) {
            reading.succeeded();
        } else if (isOfRemote(failure)) {
            counts.failures.increment();
            warn("read from", failure);
            if (reading.failed()) {
                LOG.warn("{} has failed {} times in a row, and is left alone for a while", remote, Circuit.FAILURES);
                giveUpLookups(new CancellationException("the remote cache fails"));
            }
        }
    }

    private void giveUpLookups(CancellationException cause) {
        finds.giveUp(cause);
        smallFetches.giveUp(cause);
        records.giveUp(cause);
    }

    /** Returns whether a failure tells something about the remote cache. */
    private boolean isOfRemote(Throwable failure) {
        return !ended
                && !(failure instanceof CancellationException)
                && !(failure instanceof RejectedExecutionException)
                && !Interrupts.caused(failure);
    }

    private void warn(String what, Throwable failure) {
        long now = System.nanoTime();
        long due = nextWarning.get();
        if (now - due >= 0 && nextWarning.compareAndSet(due, now + WARNING_INTERVAL)) {
            LOG.warn("{} could not be {}: {}", remote, what, failure.toString());
        } else {
            LOG.debug("{} could not be {}", remote, what, failure);
        }
    }

    // ---- writing

    /**
     * Uploads content that a client has put into the local cache, now or later, also if it was there before: the remote
     * cache need not have it. It is looked for there before it is sent.
     *
     * @return completes when the put may be acknowledged, and fails with a {@link RemoteFailedException} if it may not
     * @throws IOException if the thread is interrupted
     */
    public CompletableFuture<Void> put(Digest content) throws IOException {
        return !options.uploads() || content.size() == 0 || remote.accept(content)
                ? done()
                : store(() -> remote.upload(content));
    }

    /**
     * Uploads a record that a client has put into the local cache, now or later.
     *
     * @param record the record, from position to limit
     * @return completes when the put may be acknowledged, and fails with a {@link RemoteFailedException} if it may not
     * @throws IOException if the local cache fails, or the thread is interrupted
     */
    public CompletableFuture<Void> putRecord(Keyspace keyspace, Sha256 hash, ByteBuffer record) throws IOException {
        if (!options.uploads() || remote.acceptRecord(keyspace, hash, record)) {
            return done();
        }
        return store(() -> remote.uploadRecord(keyspace, hash, record));
    }

    private static CompletableFuture<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private interface Work {
        void run() throws IOException;
    }

    @SuppressWarnings("CollectionUndefinedEquality") // of futures, identity is meant
    private CompletableFuture<Void> store(Work work) {
        CompletableFuture<Void> stored = new CompletableFuture<>();
        stores.add(stored);
        CompletableFuture<?> unused = stored.whenComplete((nothing, failure) -> stores.remove(stored));
        try {
            if (ended) {
                throw new RejectedExecutionException("stopping");
            }
            uploads.execute(() -> {
                try {
                    storeNow(work);
                    stored.complete(null);
                } catch (IOException | RuntimeException | Error e) {
                    stored.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            stored.completeExceptionally(new RemoteFailedException("the server is stopping", e));
        }
        return stored;
    }

    private void storeNow(Work work) throws IOException {
        if (!writing.allows()) {
            counts.avoided.increment();
            throw new RemoteFailedException("the remote cache cannot be reached; try again later", null);
        }
        try {
            work.run();
            writing.succeeded();
        } catch (IOException | RuntimeException e) {
            if (isOfRemote(e)) {
                counts.failures.increment();
                writing.failed();
                warn("written to", e);
            }
            throw new RemoteFailedException("the remote cache has failed; try again later", e);
        }
    }

    // ---- state

    /** Returns the counts. */
    public RemoteCounts.Snapshot counts() {
        return counts.snapshot(remote.stats());
    }

    /** Returns whether the remote cache is left alone, as it has failed. */
    public boolean isAvoided() {
        return reading.isOpen();
    }

    /** Lets those who wait for the remote cache go on without it; nothing more is asked of it. Idempotent. */
    public void endWaits() {
        ended = true;
        CancellationException stopping = new CancellationException("the server is stopping");
        giveUpLookups(stopping);
        fetches.giveUp(stopping);
        remote.endFetches();
        List.copyOf(stores)
                .forEach(store ->
                        store.completeExceptionally(new RemoteFailedException("the server is stopping", stopping)));
    }

    /**
     * Ends everything: downloads at once, uploads of what was acknowledged after a time at most. What was not uploaded
     * by then stays recorded. When this returns, nothing uses the cache or the store any more. Idempotent.
     *
     * @return whether the thread was interrupted meanwhile
     */
    public boolean close(Duration timeout) {
        endWaits();
        boolean interrupted = false;
        for (Workers pool : List.of(lookups, downloads, uploads)) {
            interrupted |= pool.interruptAndWait();
        }
        try {
            remote.close(interrupted ? Duration.ZERO : timeout);
        } catch (LostBlobsException e) {
            LOG.error("content was lost before it was uploaded", e);
        } catch (IOException e) {
            LOG.warn("{} was not closed", remote, e);
        }
        boolean interruptedLater = followUps.closeAndWait();
        return interrupted || interruptedLater;
    }
}
