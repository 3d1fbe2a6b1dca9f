package io.blobstore.cache.pieces;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The pieces on the disk, in the order of their last use, within an exact bound of bytes.
 *
 * <p>Counted are: pieces, reservations for pieces being received, and removed pieces until their files are deleted. A
 * pinned piece is not evicted, and its file is not deleted before the last pin is taken back.
 *
 * <p>Thread-safe. Files are deleted outside the lock, by the thread that needs the room.
 */
final class PieceIndex {
    private final long maxBytes;
    private final Consumer<Piece> delete;

    /** Held for a few instructions. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<PieceId, Piece> pieces = new HashMap<>();
    /** The pieces of each blob, by its hash, whatever their version. */
    private final Map<String, Map<VersionId, Set<Piece>>> byBlob = new HashMap<>();

    /** In the order of their last use: a piece that is used is taken out and added again. */
    private final Set<Piece> current = new LinkedHashSet<>();
    /** Those of versions that have been followed by another one. Evicted first. */
    private final Set<Piece> outdated = new LinkedHashSet<>();

    private long bytes;
    private long evictions;
    private long uses;

    /**
     * Creates an empty index.
     *
     * @param maxBytes the most bytes on the disk
     * @param delete deletes the file of a piece; must not throw
     */
    PieceIndex(long maxBytes, Consumer<Piece> delete) {
        this.maxBytes = maxBytes;
        this.delete = delete;
    }

    long maxBytes() {
        return maxBytes;
    }

    long bytes() {
        return locked(() -> bytes);
    }

    long evictions() {
        return locked(() -> evictions);
    }

    int count() {
        return locked(pieces::size);
    }

    /** Finds a piece, counts that as a use, and pins it until {@link #unpin}. */
    Optional<Piece> pin(PieceId id) {
        return locked(() -> {
            Piece piece = pieces.get(id);
            if (piece == null) {
                return Optional.empty();
            }
            piece.pins++;
            listOf(piece).remove(piece);
            used(piece);
            return Optional.of(piece);
        });
    }

    /** Returns whether a piece is there, without counting that as a use. */
    boolean contains(PieceId id) {
        return locked(() -> pieces.containsKey(id));
    }

    /** Takes a pin back. */
    void unpin(Piece piece) {
        boolean last = locked(() -> --piece.pins == 0 && piece.removed);
        if (last) {
            deleteAll(List.of(piece));
        }
    }

    /**
     * Reserves room on the disk for a piece, for which others are evicted.
     *
     * @return false if there is no room because the rest is pinned or reserved
     */
    boolean reserve(long needed) {
        while (true) {
            List<Piece> victims = new ArrayList<>();
            boolean reserved = locked(() -> {
                if (bytes + needed <= maxBytes) {
                    bytes += needed;
                    return true;
                }
                chooseVictims(bytes + needed - maxBytes, victims);
                return false;
            });
            if (reserved) {
                return true;
            }
            if (victims.isEmpty()) {
                return false;
            }
            deleteAll(victims);
        }
    }

    /** Returns room that was reserved and is not used. */
    void release(long unused) {
        locked(() -> bytes -= unused);
    }

    /** Chooses pieces to be evicted, and removes them; none if that would not be enough. Requires the lock. */
    private void chooseVictims(long needed, List<Piece> victims) {
        long found = 0;
        for (Set<Piece> inOrder : List.of(outdated, current)) {
            for (Iterator<Piece> next = inOrder.iterator(); next.hasNext() && found < needed; ) {
                Piece piece = next.next();
                if (piece.pins == 0) {
                    victims.add(piece);
                    found += piece.onDisk();
                }
            }
        }
        if (found < needed) {
            victims.clear();
        }
        victims.forEach(this::forget);
        evictions += victims.size();
    }

    /**
     * Adds a piece whose file is in its place, pinned, in exchange for its reservation. Other versions of the blob are
     * evicted first from now on.
     *
     * @return the pieces of this version, in no order, if all of them are there now; empty otherwise
     */
    List<Piece> commit(Piece piece, long pieceCount) {
        return locked(() -> {
            piece.pins++;
            Set<Piece> siblings = add(piece);
            if (siblings.size() == 1) { // the first piece of this version
                outdateOthers(piece.id.version());
            }
            return siblings.size() == pieceCount ? List.copyOf(siblings) : List.of();
        });
    }

    /** Adds a piece whose file was found, as the one used last. */
    boolean load(Piece piece) {
        return locked(() -> {
            if (pieces.containsKey(piece.id)) {
                return false;
            }
            bytes += piece.onDisk();
            add(piece);
            return true;
        });
    }

    /** Evicts pieces until the bound is kept: files that were found may be more than it. */
    void enforceBound() {
        List<Piece> victims = new ArrayList<>();
        locked(() -> {
            if (bytes > maxBytes) {
                chooseVictims(bytes - maxBytes, victims);
            }
            return bytes;
        });
        deleteAll(victims);
    }

    /** Removes a piece, if it is still there: by identity, so that a newer file of the same piece stays. */
    boolean remove(Piece piece) {
        boolean[] deletable = new boolean[1];
        boolean removed = locked(() -> {
            if (piece.removed) {
                return false;
            }
            forget(piece);
            deletable[0] = piece.pins == 0;
            return true;
        });
        if (deletable[0]) {
            deleteAll(List.of(piece));
        }
        return removed;
    }

    /** Returns the pieces of a blob, of all versions. */
    List<Piece> ofBlob(String blob) {
        return locked(() -> byBlob.getOrDefault(blob, Map.of()).values().stream()
                .flatMap(Set::stream)
                .toList());
    }

    /** Returns all pieces, those to be evicted first at the beginning. */
    List<Piece> inOrder() {
        return locked(() -> {
            List<Piece> all = new ArrayList<>(pieces.size());
            all.addAll(outdated);
            all.addAll(current);
            return all;
        });
    }

    // ---- with the lock

    private Set<Piece> add(Piece piece) {
        pieces.put(piece.id, piece);
        used(piece);
        Set<Piece> siblings = byBlob.computeIfAbsent(piece.id.version().blob(), blob -> new HashMap<>())
                .computeIfAbsent(piece.id.version(), version -> new HashSet<>());
        siblings.add(piece);
        return siblings;
    }

    private void forget(Piece piece) {
        piece.removed = true;
        pieces.remove(piece.id, piece);
        listOf(piece).remove(piece);
        byBlob.computeIfPresent(piece.id.version().blob(), (blob, versions) -> {
            versions.computeIfPresent(piece.id.version(), (version, siblings) -> {
                siblings.remove(piece);
                return siblings.isEmpty() ? null : siblings;
            });
            return versions.isEmpty() ? null : versions;
        });
    }

    private void used(Piece piece) {
        piece.lastUse = ++uses;
        listOf(piece).add(piece);
    }

    /** Moves the other versions of a blob behind what is outdated already, in the order of their use. */
    private void outdateOthers(VersionId version) {
        byBlob.getOrDefault(version.blob(), Map.of()).values().stream()
                .flatMap(Set::stream)
                .filter(piece -> !piece.outdated && !piece.id.version().equals(version))
                .sorted(Comparator.comparingLong(piece -> piece.lastUse))
                .toList()
                .forEach(piece -> {
                    current.remove(piece);
                    piece.outdated = true;
                    outdated.add(piece);
                });
    }

    private Set<Piece> listOf(Piece piece) {
        return piece.outdated ? outdated : current;
    }

    private interface Step<T> {
        T run();
    }

    private <T> T locked(Step<T> step) {
        lock.lock();
        try {
            return step.run();
        } finally {
            lock.unlock();
        }
    }

    // ---- without the lock

    private void deleteAll(List<Piece> removed) {
        for (Piece piece : removed) {
            delete.accept(piece);
            release(piece.onDisk()); // after the deletion: until then the disk is in use
        }
    }
}
