package io.blobstore.cache.pieces;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.PartialReadException;
import io.blobstore.ReadResult;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.memory.Lease;
import io.blobstore.spi.ByteRanges;
import io.blobstore.transfer.TransferManager;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pieces of large blobs in a local directory, fetched when they are read. Each piece is a file of its own, published by
 * a rename when it is whole, and named with its checksum; see docs/adr/0015.
 *
 * <p>A piece that several threads need is fetched by one of them, and the others wait. If that fails for a reason that
 * may pass, the next one fetches it, and continues at the byte that was reached; each thread sees at most two such
 * failures. Content is never wrong: a piece is compared with its checksum when it is used for the first time after the
 * directory was opened, and when it is read as a whole; all pieces of a blob together with the blob's.
 *
 * <p>The cache never makes a read fail that the store can answer: if there is no room, because everything else is in
 * use, or the disk fails, ranges are read from the store.
 *
 * <p>Thread-safe.
 */
public final class PieceCache implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PieceCache.class);

    /** How many failures of other threads' fetches a read sees before it fails as well. */
    private static final int MAX_FAILURES = 2;

    private final int pieceSize;
    private final PieceDirectory directory;
    private final PieceIndex index;
    private final Flights flights;
    private final PieceFetcher fetcher;
    private final PieceReader reader;
    private final PieceMapper mapper;
    private final Usage usage;
    private final Set<Prefetching> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private final AtomicLong hits = new AtomicLong();
    private final AtomicLong misses = new AtomicLong();
    private final AtomicLong bypassed = new AtomicLong();
    private final AtomicLong damaged = new AtomicLong();

    private PieceCache(PieceDirectory directory, int pieceSize, long maxBytes) {
        this.pieceSize = pieceSize;
        this.directory = directory;
        this.index = new PieceIndex(maxBytes, directory::delete);
        this.flights = new Flights(index);
        this.fetcher = new PieceFetcher(directory, index, flights);
        this.reader = new PieceReader(directory);
        this.mapper = new PieceMapper(directory, index);
        this.usage = new Usage(this::release);
    }

    /**
     * Opens the pieces of a directory, and locks it.
     *
     * @param directory the directory, created if it is missing
     * @param pieceSize the size of a piece in bytes: a power of two from 64 KiB to 64 MiB
     * @param maxBytes the most bytes on the disk, at least one piece; pieces beyond that are evicted
     * @throws io.blobstore.cas.CacheInUseException if the directory is open already, in this process or another one
     * @throws io.blobstore.cas.CacheDirectoryException if the path is something other than a directory
     */
    public static PieceCache open(Path directory, int pieceSize, long maxBytes) throws IOException {
        PieceLayout.requirePieceSize(pieceSize);
        if (maxBytes < pieceSize) {
            throw new IllegalArgumentException(
                    "the pieces need room for at least one of " + pieceSize + " bytes; got " + maxBytes);
        }
        PieceDirectory opened = PieceDirectory.open(directory);
        try {
            PieceCache cache = new PieceCache(opened, pieceSize, maxBytes);
            opened.list().forEach(cache.index::load);
            cache.index.enforceBound();
            return cache;
        } catch (IOException | RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    /** Returns the size of a piece in bytes. */
    public int pieceSize() {
        return pieceSize;
    }

    // ---- reading

    /**
     * Reads a range of one version of a blob, from pieces that are there, and from the store where they are not.
     * Missing pieces are fetched whole, adjacent ones with one request of at most 16 MiB. Requests are not repeated.
     *
     * @param store identifies the store together with its description
     * @param blob the version, as the store reports it
     * @param target filled like that of {@link BlobStore#read}
     * @throws io.blobstore.RangeNotSatisfiableException as {@link BlobStore#read} does
     * @throws io.blobstore.PreconditionFailedException if a piece is missing, and the blob was replaced
     * @throws IllegalStateException if this cache is closed
     */
    public ReadResult read(BlobStore store, BlobMetadata blob, ByteRange range, BlobTarget.Window target)
            throws IOException {
        ByteRanges.requireRoom(range, target.remaining());
        ByteRange exact = ByteRanges.resolve(range, blob.key(), blob.size(), target.remaining());
        if (exact.length() == 0) {
            return ReadResult.of(blob, 0, Crc32c.EMPTY);
        }
        PieceSource source = PieceSource.of(store, blob, pieceSize);
        try (Usage.Hold ignored = usage.hold()) {
            return new RangeRead(source, exact.offset(), exact.offset() + exact.length(), target).run();
        }
    }

    /** One read of a range. */
    private final class RangeRead {
        private final PieceSource source;
        private final long offset;
        private final long end;
        private final BlobTarget.Window target;
        private long at;
        private Crc32c checksum = Crc32c.EMPTY;

        RangeRead(PieceSource source, long offset, long end, BlobTarget.Window target) {
            this.source = source;
            this.offset = offset;
            this.end = end;
            this.target = target;
            this.at = offset;
        }

        ReadResult run() throws IOException {
            long last = source.layout().pieceAt(end - 1);
            while (at < end) {
                long number = source.layout().pieceAt(at);
                Optional<Piece> piece = obtain(source, number, last);
                if (piece.isEmpty()) {
                    bypassed.incrementAndGet();
                    readStore(Math.min(end, source.layout().end(number)) - at);
                } else {
                    try {
                        copy(piece.get(), number);
                    } finally {
                        index.unpin(piece.get());
                    }
                }
            }
            return received();
        }

        private ReadResult received() {
            return ReadResult.of(source.blob(), at - offset, checksum);
        }

        private void arrived(long length, Crc32c next) {
            checksum = checksum.combine(next, length);
            at += length;
        }

        private void copy(Piece piece, long number) throws IOException {
            int from = (int) (at - source.layout().offset(number));
            int length = (int) Math.min(piece.length - from, end - at);
            PieceReader.Copied copied = reader.copy(piece, from, length, target);
            if (copied.failure() != null) {
                damaged(piece, copied.failure());
            } else if (length == piece.length && !copied.checksum().equals(piece.checksum)) {
                damaged(piece, null);
                throw source.failure("a cached piece was damaged, and was removed; read again", null, true);
            }
            arrived(copied.length(), copied.checksum()); // what is missing after a failure is fetched
        }

        private void readStore(long length) throws IOException {
            try {
                arrived(length, source.read(at, length, target).checksum());
            } catch (PartialReadException e) {
                arrived(e.received().length(), e.received().checksum());
                throw new PartialReadException(source.blob().key(), received(), "the connection ended", e);
            }
        }
    }

    /**
     * Finds a piece, or fetches it.
     *
     * @param last the number of the last piece that is wanted
     * @return the piece, pinned and verified; empty if it cannot be cached now
     */
    private Optional<Piece> obtain(PieceSource source, long number, long last) throws IOException {
        PieceId id = source.piece(number);
        int failures = 0;
        try {
            while (true) {
                Flights.State state = flights.find(id);
                Piece present = state.present();
                if (present != null) {
                    if (isIntact(present)) {
                        hits.incrementAndGet();
                        return Optional.of(present);
                    }
                } else if (state.mine() != null) {
                    misses.incrementAndGet();
                    return fetch(source, number, state.mine(), last);
                } else if (state.running() != null) {
                    Throwable failure = state.running().await();
                    if (failure != null && !Interrupts.caused(failure) && isFinal(failure, ++failures)) {
                        throw source.sharedFailure(failure, retryable(failure));
                    }
                }
            }
        } catch (InterruptedException e) {
            throw interrupted(source, e);
        }
    }

    private static BlobStoreException interrupted(PieceSource source, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return source.failure("interrupted while waiting for a piece", cause, false);
    }

    private static boolean isFinal(Throwable failure, int failures) {
        return !retryable(failure) || failures >= MAX_FAILURES;
    }

    private static boolean retryable(Throwable failure) {
        return failure instanceof BlobStoreException problem && problem.isRetryable();
    }

    private Optional<Piece> fetch(PieceSource source, long number, Flight mine, long last) throws IOException {
        try {
            return fetcher.fetch(source, number, mine, last);
        } catch (PartialReadException e) { // what arrived is in the pieces, not in the caller's window
            throw source.failure(String.valueOf(e.getMessage()), e, true);
        }
    }

    private boolean isIntact(Piece piece) throws IOException, InterruptedException {
        boolean intact = false;
        try {
            intact = reader.verify(piece);
            if (!intact) {
                damaged(piece, null);
            }
            return intact;
        } finally {
            if (!intact) {
                index.unpin(piece);
            }
        }
    }

    private void damaged(Piece piece, @Nullable IOException cause) {
        if (index.remove(piece)) {
            damaged.incrementAndGet();
            LOG.warn(
                    "{} is damaged, and is fetched again: {}",
                    directory.path(piece),
                    cause == null ? "wrong checksum" : cause.toString());
        }
    }

    // ---- views

    /**
     * Leases a range of one version of a blob as read-only mapped memory, if all of its pieces are there; sends no
     * request. The pieces are neither evicted nor unmapped before the lease is closed, and count as used room.
     *
     * @param blob the version, as the store reports it
     * @return a lease with a buffer for each piece, in order; empty if a piece is missing
     * @throws io.blobstore.RangeNotSatisfiableException if the range is not inside the blob
     * @throws IllegalStateException if this cache is closed
     */
    public Optional<Lease> view(BlobStore store, BlobMetadata blob, ByteRange range) throws IOException {
        ByteRange exact = ByteRanges.resolve(range, blob.key(), blob.size(), Long.MAX_VALUE);
        PieceSource source = PieceSource.of(store, blob, pieceSize);
        Usage.Hold hold = usage.hold();
        Optional<Lease> view = Optional.empty();
        try {
            view = mapper.view(source, exact.offset(), exact.length(), hold, id -> present(source, id));
            return view;
        } finally {
            if (view.isEmpty()) {
                hold.close();
            }
        }
    }

    private Optional<Piece> present(PieceSource source, PieceId id) throws IOException {
        Optional<Piece> piece = index.pin(id);
        try {
            return piece.isPresent() && isIntact(piece.get()) ? piece : Optional.empty();
        } catch (InterruptedException e) {
            throw interrupted(source, e);
        }
    }

    // ---- prefetching

    /**
     * Begins to fetch the missing pieces of ranges, in the order of the ranges, with up to 4 requests at a time.
     * Fetches no more than there is room for. Returns at once; closing this cache ends it.
     *
     * @param transfers runs the requests, and repeats them if they fail
     * @param blob the version, as the store reports it
     * @throws io.blobstore.RangeNotSatisfiableException if an exact range is not inside the blob
     * @throws IllegalStateException if this cache or the manager is closed
     */
    public Prefetching prefetch(TransferManager transfers, BlobStore store, BlobMetadata blob, List<ByteRange> ranges)
            throws IOException {
        PieceSource source = PieceSource.of(store, blob, pieceSize);
        Set<Long> pieces = Prefetching.pieces(source, ranges, index.maxBytes());
        PrefetchStore fetching = new PrefetchStore(store, offset -> fetchPiece(source, offset));
        Usage.Hold hold = usage.hold();
        Prefetching prefetching = new Prefetching(source, transfers, fetching, index, pieces, ended -> {
            running.remove(ended);
            hold.close();
        });
        running.add(prefetching);
        prefetching.start();
        if (closed) { // after adding: either close() sees it, or this thread sees that the cache is closed
            prefetching.cancel();
        }
        return prefetching;
    }

    private ReadResult fetchPiece(PieceSource source, long offset) throws IOException {
        long number = source.layout().pieceAt(offset);
        Optional<Piece> piece = obtain(source, number, number);
        piece.ifPresent(index::unpin);
        return ReadResult.of(
                source.blob(),
                source.layout().length(number),
                piece.map(found -> found.checksum).orElse(Crc32c.EMPTY));
    }

    // ---- closing

    /** Returns the state of the cache. */
    public PieceStats stats() {
        return new PieceStats(
                index.count(),
                index.bytes(),
                index.maxBytes(),
                hits.get(),
                misses.get(),
                bypassed.get(),
                damaged.get(),
                index.evictions(),
                fetcher.fetchedBytes());
    }

    /** Removes the pieces of a blob, of all versions. Those in use are removed when they no longer are. */
    public void remove(BlobStore store, BlobKey key) {
        try (Usage.Hold ignored = usage.hold()) {
            index.ofBlob(VersionId.blob(store, key.toString())).forEach(index::remove);
        }
    }

    /**
     * Refuses further calls, cancels prefetching, and unlocks the directory as soon as no read is running and no view
     * is open: now, or when the last one ends. Never waits. Idempotent.
     */
    @Override
    public void close() throws IOException {
        closed = true;
        running.forEach(Prefetching::cancel);
        usage.close();
    }

    private void release() throws IOException {
        try (directory) {
            fetcher.discardSuspended();
            directory.saveOrder(index.inOrder());
        }
    }

    @Override
    public String toString() {
        return "PieceCache[" + directory + ", " + index.bytes() + " of " + index.maxBytes() + " bytes]";
    }
}
