package io.blobstore.cache.pieces;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Which pieces are being fetched, so that one thread fetches each, and what failed fetches have left. Thread-safe. */
final class Flights {
    /** The most files of failed fetches that are kept to be continued. */
    private static final int MAX_SUSPENDED = 16;

    private final PieceIndex index;

    /** Held for a few instructions; {@link PieceIndex}'s lock is taken under it. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<PieceId, Flight> flights = new HashMap<>();
    /** What failed fetches have received, the oldest first. */
    private final ArrayDeque<PieceFile> suspended = new ArrayDeque<>();

    Flights(PieceIndex index) {
        this.index = index;
    }

    /**
     * The state of a piece that is needed: exactly one of these is not null.
     *
     * @param present the piece, pinned
     * @param running the fetch by another thread
     * @param mine the fetch that this thread has to run, and to {@linkplain Flights#end end}
     */
    record State(
            @Nullable Piece present,
            @Nullable Flight running,
            @Nullable Flight mine) {}

    /** Finds a piece, or the thread that fetches it, which is this one if there is none. */
    State find(PieceId id) {
        lock.lock();
        try {
            Optional<Piece> present = index.pin(id);
            if (present.isPresent()) {
                return new State(present.get(), null, null);
            }
            Flight running = flights.get(id);
            if (running != null) {
                return new State(null, running, null);
            }
            Flight mine = new Flight();
            flights.put(id, mine);
            return new State(null, null, mine);
        } finally {
            lock.unlock();
        }
    }

    /** Begins a fetch, unless the piece is there or being fetched. */
    Optional<Flight> begin(PieceId id) {
        lock.lock();
        try {
            if (index.contains(id) || flights.containsKey(id)) {
                return Optional.empty();
            }
            Flight mine = new Flight();
            flights.put(id, mine);
            return Optional.of(mine);
        } finally {
            lock.unlock();
        }
    }

    /** Ends a fetch, after its piece was added to the index if it was received. */
    void end(PieceId id, Flight flight, @Nullable Throwable failure) {
        lock.lock();
        try {
            flights.remove(id, flight);
        } finally {
            lock.unlock();
        }
        flight.end(failure);
    }

    /** Returns what a failed fetch of a piece has received, to be continued by the caller. */
    Optional<PieceFile> resume(PieceId id) {
        lock.lock();
        try {
            for (Iterator<PieceFile> files = suspended.iterator(); files.hasNext(); ) {
                PieceFile file = files.next();
                if (file.id.equals(id)) {
                    files.remove();
                    return Optional.of(file);
                }
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Keeps what a failed fetch has received.
     *
     * @return what must be discarded instead, because there are too many
     */
    Optional<PieceFile> suspend(PieceFile file) {
        lock.lock();
        try {
            suspended.addLast(file);
            return suspended.size() > MAX_SUSPENDED ? Optional.of(suspended.removeFirst()) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Returns everything that failed fetches have left, to be discarded. */
    List<PieceFile> takeSuspended() {
        lock.lock();
        try {
            List<PieceFile> all = new ArrayList<>(suspended);
            suspended.clear();
            return all;
        } finally {
            lock.unlock();
        }
    }
}
