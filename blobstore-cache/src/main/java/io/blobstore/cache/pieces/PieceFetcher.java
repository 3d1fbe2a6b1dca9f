package io.blobstore.cache.pieces;

import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.ReadResult;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.spi.Checksums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives missing pieces from a store, a run of adjacent ones with one request, and publishes those that are whole.
 * Repeats nothing: whoever reads through the cache repeats reads, as with any store, and finds the pieces that have
 * arrived, and the bytes of the unfinished one. Thread-safe.
 */
final class PieceFetcher {
    private static final Logger LOG = LoggerFactory.getLogger(PieceFetcher.class);

    /** The most bytes of a request for more than one piece: those waiting for its first piece wait for all of it. */
    static final long MAX_RUN = 16L << 20;

    /** How long nothing is written after the disk has failed: each attempt costs a request. */
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PieceDirectory directory;
    private final PieceIndex index;
    private final Flights flights;
    private final AtomicLong pausedUntil = new AtomicLong(System.nanoTime());
    private final AtomicLong fetchedBytes = new AtomicLong();

    PieceFetcher(PieceDirectory directory, PieceIndex index, Flights flights) {
        this.directory = directory;
        this.index = index;
        this.flights = flights;
    }

    /** Returns the number of bytes received into pieces that became whole. */
    long fetchedBytes() {
        return fetchedBytes.get();
    }

    /** A fetch that this thread has to end. */
    private record Claim(PieceId id, Flight flight) {}

    /**
     * Fetches a piece, and the missing ones after it as far as they are wanted and one request may be large.
     *
     * @param mine the fetch of the first piece, which is ended before this method returns or throws
     * @param last the number of the last piece that is wanted
     * @return the first piece, pinned; empty if it cannot be cached now: there is no room, or the disk fails
     */
    Optional<Piece> fetch(PieceSource source, long first, Flight mine, long last) throws IOException {
        List<Claim> claims = new ArrayList<>(List.of(new Claim(source.piece(first), mine)));
        @Nullable Throwable failure = null;
        try {
            List<PieceFile> files = begin(source, claims, last);
            return files.isEmpty() ? Optional.empty() : receive(source, files);
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
            throw e;
        } finally {
            for (Claim claim : claims) {
                flights.end(claim.id, claim.flight, failure);
            }
        }
    }

    /** Reserves room for a run of pieces, and claims those after the first. */
    private List<PieceFile> begin(PieceSource source, List<Claim> claims, long last) {
        List<PieceFile> files = new ArrayList<>();
        long first = claims.get(0).id.number();
        if (System.nanoTime() - pausedUntil.get() < 0 || !add(source, first, files)) {
            return files;
        }
        long most = Math.min(MAX_RUN, index.maxBytes() / 4);
        long bytes = files.get(0).length;
        for (long next = first + 1; next <= last && bytes + source.layout().length(next) <= most; next++) {
            Optional<Flight> claimed = flights.begin(source.piece(next));
            if (claimed.isEmpty()) {
                break;
            }
            claims.add(new Claim(source.piece(next), claimed.get()));
            if (!add(source, next, files)) {
                break;
            }
            if (files.get(files.size() - 1).done() > 0) { // would leave a gap: another request continues it
                keep(files.remove(files.size() - 1));
                break;
            }
            bytes += source.layout().length(next);
        }
        return files;
    }

    private boolean add(PieceSource source, long number, List<PieceFile> files) {
        PieceId id = source.piece(number);
        Optional<PieceFile> begun = flights.resume(id);
        if (begun.isPresent()) {
            files.add(begun.get());
            return true;
        }
        int length = source.layout().length(number);
        if (!index.reserve(Piece.onDisk(length))) {
            discardSuspended();
            if (!index.reserve(Piece.onDisk(length))) {
                return false;
            }
        }
        files.add(new PieceFile(id, length, directory.newTemporary()));
        return true;
    }

    private Optional<Piece> receive(PieceSource source, List<PieceFile> files) throws IOException {
        files.forEach(PieceFile::mark);
        PieceFile first = files.get(0);
        long offset = source.layout().offset(first.id.number()) + first.done();
        boolean kept = false;
        try (RunWindow window = new RunWindow(files)) {
            long length = window.remaining();
            try {
                ReadResult read = source.read(offset, length, window);
                window.flush();
                requireSame(source, read, files);
            } catch (PartialReadException e) {
                kept = keepReceived(source, e, files, window, length);
                throw e;
            }
            kept = true;
            return publish(source, files);
        } catch (RunWindow.NotCachedException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            LOG.warn(
                    "Pieces of '{}' cannot be cached, and are read from the store",
                    source.blob().key(),
                    e);
            pausedUntil.set(System.nanoTime() + PAUSE_NANOS);
            return Optional.empty();
        } finally {
            if (!kept) {
                files.forEach(this::giveUp);
            }
        }
    }

    /** Checks that the files hold what the store has put into the window. */
    private static void requireSame(PieceSource source, ReadResult read, List<PieceFile> files)
            throws IntegrityException {
        Crc32c received = Crc32c.EMPTY;
        for (PieceFile file : files) {
            received = received.combine(file.receivedSinceMark(), file.done() - file.marked());
        }
        if (!received.equals(read.checksum())) {
            throw new IntegrityException(
                    Operation.READ,
                    source.blob().key(),
                    "the store reports " + read.checksum() + " for a range of which " + received + " was received",
                    null);
        }
    }

    /** Keeps what arrived before a connection ended; returns whether that is possible. */
    private boolean keepReceived(
            PieceSource source, PartialReadException end, List<PieceFile> files, RunWindow window, long length) {
        try {
            window.flush();
            source.requireVersion(end.received());
        } catch (IOException e) {
            end.addSuppressed(e);
            return false;
        }
        if (end.received().length() != length - window.remaining()) {
            return false;
        }
        List<PieceFile> whole =
                files.stream().filter(file -> file.missing() == 0).toList();
        for (PieceFile file : files) {
            if (file.missing() > 0 && file.done() > 0) {
                keep(file);
            } else if (file.missing() > 0) {
                discard(file);
            }
        }
        try {
            publish(source, whole).ifPresent(index::unpin);
        } catch (IOException e) {
            end.addSuppressed(e);
        }
        return true;
    }

    // ---- ends of a file

    /**
     * Publishes whole pieces.
     *
     * @return the first one, pinned; empty if there is none, or the disk fails
     * @throws IntegrityException if all pieces of the blob are there now, and their checksum is not the blob's
     */
    private Optional<Piece> publish(PieceSource source, List<PieceFile> files) throws IOException {
        Optional<Piece> first = Optional.empty();
        int done = 0;
        try {
            for (PieceFile file : files) {
                Optional<Piece> published = publish(source, file);
                if (done++ == 0) {
                    first = published;
                } else {
                    published.ifPresent(index::unpin);
                }
            }
            return first;
        } catch (IOException | RuntimeException | Error e) {
            first.ifPresent(index::unpin);
            files.subList(Math.min(done + 1, files.size()), files.size()).forEach(this::discard);
            throw e;
        }
    }

    private Optional<Piece> publish(PieceSource source, PieceFile file) throws IOException {
        Piece piece = new Piece(file.id, file.length, file.checksum(), directory.newSerial(), true);
        try {
            file.suspend();
            directory.publish(file.path(), piece);
        } catch (IOException e) {
            LOG.warn("{} cannot be cached, and is read from the store", piece, e);
            pausedUntil.set(System.nanoTime() + PAUSE_NANOS);
            discard(file);
            return Optional.empty();
        }
        fetchedBytes.addAndGet(file.length);
        List<Piece> whole = index.commit(piece, source.layout().count());
        try {
            requireStored(source, whole);
        } catch (IntegrityException e) {
            index.unpin(piece);
            whole.forEach(index::remove);
            throw e;
        }
        return Optional.of(piece);
    }

    /** Compares the checksum of all pieces with the blob's, if it has one. */
    private static void requireStored(PieceSource source, List<Piece> whole) throws IntegrityException {
        if (whole.isEmpty() || source.blob().checksum().isEmpty()) {
            return;
        }
        Crc32c checksum = Crc32c.EMPTY;
        for (Piece piece : whole.stream()
                .sorted(Comparator.comparingLong(piece -> piece.id.number()))
                .toList()) {
            checksum = checksum.combine(piece.checksum, piece.length);
        }
        Checksums.requireStored(Operation.READ, source.blob(), checksum);
    }

    /** Forgets what the failed request has received; keeps what an earlier one has. */
    private void giveUp(PieceFile file) {
        file.rewind();
        if (file.done() > 0) {
            keep(file);
        } else {
            discard(file);
        }
    }

    private void keep(PieceFile file) {
        try {
            file.suspend();
        } catch (IOException e) {
            LOG.warn("The beginning of {} is lost", file.id, e);
            discard(file);
            return;
        }
        flights.suspend(file).ifPresent(this::discard);
    }

    private void discard(PieceFile file) {
        try {
            file.discard();
        } catch (IOException e) {
            LOG.warn("{} could not be deleted; it is deleted when the cache is opened again", file.path(), e);
        }
        index.release(Piece.onDisk(file.length));
    }

    /** Deletes everything that failed fetches have left. */
    void discardSuspended() {
        flights.takeSuspended().forEach(this::discard);
    }
}
