package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheListener;
import java.io.Closeable;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a cache, in the order of their last use, within an exact bound of bytes. Thread-safe.
 *
 * <p>The bytes of entries, of removed entries until their files are deleted, and of reservations never exceed the
 * maximum together, except for files that were loaded: those are evicted down to it in the background.
 *
 * <pre>
 *  reserve ──► Reservation ──commit──► PRESENT(n leases) ──evict, remove, replace──► DOOMED(n) ──n = 0, deleted──► gone
 *                  │ close                  ▲
 *                  ▼                        │ load
 *            room given back           a file that was found
 * </pre>
 *
 * <p>PRESENT → DOOMED is one step, and entries with leases are never evicted. An entry's file is there as long as a
 * lease is open, even if the entry was removed meanwhile. A key that is pinned leases whatever entry it has, or gets by
 * a commit or by loading.
 *
 * <p>One lock guards everything. It is held for some instructions, and never during a system call other than waking a
 * thread; {@link IndexLog} and {@link SharedRoom} are called under it.
 */
public final class Index implements Closeable {
    /** The time of the last use of a found file that another process has just put: see {@link #load}. */
    public static final long NOW = Long.MAX_VALUE;

    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);

    private final ReentrantLock lock = new ReentrantLock();
    private final Budget budget;
    private final AgeClock clock;
    final EntryStates entries;
    final Reaper reaper;
    private boolean closed;

    /**
     * Creates an empty index of a cache that only this process evicts from, without a listener.
     *
     * @param maxBytes the most bytes of entries, files being deleted, and reservations together
     * @param log records the changes
     * @param unlink deletes the file of a removed entry; called by the index's own thread
     */
    public Index(long maxBytes, IndexLog log, Unlink unlink) {
        this(maxBytes, log, unlink, SharedRoom.PRIVATE, CacheListener.NONE);
    }

    /** Creates an empty index of a cache that only this process evicts from; see the other constructors. */
    public Index(long maxBytes, IndexLog log, Unlink unlink, CacheListener listener) {
        this(maxBytes, log, unlink, SharedRoom.PRIVATE, listener);
    }

    /**
     * Creates an empty index.
     *
     * @param maxBytes the most bytes of entries, files being deleted, and reservations together
     * @param log records the changes
     * @param unlink deletes the file of a removed entry; called by the index's own thread
     * @param room what several processes share: reservations take bytes from it. If it says that this process does not
     *     evict, the maximum bounds single reservations only, and puts wait up to 10 seconds for others to make room
     * @param listener its method {@code evicted} is called, by the index's own thread
     */
    public Index(long maxBytes, IndexLog log, Unlink unlink, SharedRoom room, CacheListener listener) {
        this(
                maxBytes,
                log,
                unlink,
                room,
                listener,
                System::nanoTime,
                PAUSE_AFTER_FAILURE,
                Budget.PATIENCE,
                Budget.RECHECK);
        reaper.start(entries);
    }

    /** Creates an index whose reaper is not started. */
    Index(
            long maxBytes,
            IndexLog log,
            Unlink unlink,
            SharedRoom room,
            CacheListener listener,
            LongSupplier nanoTime,
            Duration pauseAfterFailure,
            Duration patience,
            Duration recheck) {
        budget = new Budget(maxBytes, lock, room, patience, recheck);
        clock = new AgeClock(nanoTime);
        reaper = new Reaper(lock, budget, unlink, listener, clock, pauseAfterFailure);
        entries = new EntryStates(budget, log, reaper::add);
    }

    /**
     * Finds an entry, counts that as a use, and keeps its file until {@link #release}.
     *
     * @return empty also if it was removed, and its file is still there
     */
    public Optional<Entry> acquire(EntryKey key) {
        int now = clock.now();
        lock.lock();
        try {
            requireOpen();
            Entry entry = entries.find(key);
            if (entry == null) {
                return Optional.empty();
            }
            entries.acquire(entry, now);
            return Optional.of(entry);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends a use that {@link #acquire} began. Possible after {@link #close}, too.
     *
     * @throws IllegalStateException if the entry was released more often than acquired
     */
    public void release(Entry entry) {
        int now = clock.now();
        lock.lock();
        try {
            entries.release(entry, now);
            reaper.wakeIfShort();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Pins a key: the entry that it has, or gets later, is not evicted until {@link #unpin} was called as often. The
     * key need not have an entry.
     */
    public void pin(EntryKey key) {
        locked(() -> entries.pin(key));
    }

    /**
     * Ends what one call of {@link #pin} began. Possible after {@link #close}, too.
     *
     * @throws IllegalStateException if the key is not pinned
     */
    public void unpin(EntryKey key) {
        int now = clock.now();
        locked(() -> {
            if (!closed) {
                entries.unpin(key, now);
                reaper.wakeIfShort();
            }
        });
    }

    /** Returns whether there is an entry, and counts that as a use. */
    public boolean contains(EntryKey key) {
        int now = clock.now();
        lock.lock();
        try {
            requireOpen();
            Entry entry = entries.find(key);
            if (entry != null) {
                entries.use(entry, now);
            }
            return entry != null;
        } finally {
            lock.unlock();
        }
    }

    /** Returns an entry without counting that as a use, and without a lease: its file may be deleted at any time. */
    public Optional<Entry> peek(EntryKey key) {
        return locked(() -> Optional.ofNullable(entries.find(key)));
    }

    /**
     * Begins to reserve room. Waits while entries are being deleted to make it, which is rare.
     *
     * @param declared the bytes that will be needed at most; only a part of them is reserved at first
     * @throws CacheFullException if there is no room, because everything else is in use
     * @throws InterruptedIOException if the thread is interrupted while it waits; the flag stays set
     * @throws IllegalArgumentException if that is negative, or more than the cache may have
     * @throws IllegalStateException if the index is closed
     */
    public Reservation reserve(long declared) throws CacheFullException, InterruptedIOException {
        long blocks = budget.requireAllowed(declared);
        Reservation reservation = new Reservation(this, blocks);
        try {
            grow(reservation, Math.min(blocks, Budget.BLOCK));
            return reservation;
        } catch (Throwable e) {
            reservation.close();
            throw e;
        }
    }

    void grow(Reservation reservation, long bytes) throws CacheFullException, InterruptedIOException {
        long needed = budget.requireAllowed(bytes);
        lock.lock();
        try {
            requireOpen();
            if (reservation.closed) {
                throw new IllegalStateException("this reservation is closed");
            }
            budget.grow(reservation, needed, reaper::wake);
        } finally {
            reaper.wakeIfShort();
            lock.unlock();
        }
    }

    void close(Reservation reservation) {
        locked(() -> {
            budget.close(reservation, 0);
            reaper.wakeIfShort();
        });
    }

    /**
     * Adds an entry, whose file is in its place, in exchange for a reservation, which is closed; replaces the one that
     * the key had. If the same file was found and loaded meanwhile, its entry is kept; if that was evicted even, the
     * result is an entry that is gone.
     *
     * @param storedSize the length of the file in bytes; {@link Reservation#require} was called for it
     * @throws IllegalStateException if less was reserved, or the reservation or the index is closed; nothing is changed
     */
    public Entry commit(Reservation reservation, EntryFile file, long storedSize) {
        return commit(reservation, file, storedSize, false);
    }

    /** As {@link #commit}, and keeps the entry's file until {@link #release}, unless the entry is gone already. */
    public Entry commitAndAcquire(Reservation reservation, EntryFile file, long storedSize) {
        return commit(reservation, file, storedSize, true);
    }

    private Entry commit(Reservation reservation, EntryFile file, long storedSize, boolean acquire) {
        int now = clock.now();
        Entry added = new Entry(file, storedSize);
        lock.lock();
        try {
            requireOpen();
            if (reservation.closed || added.bytes() > reservation.granted) {
                throw new IllegalStateException("a file of " + storedSize + " bytes was not reserved: the reservation "
                        + (reservation.closed ? "is closed" : "has " + reservation.granted));
            }
            Entry old = entries.find(file.key());
            Entry entry = added;
            if (old != null && old.file().equals(file)) {
                entries.use(old, now);
                entry = old;
            } else if (entries.wasRemoved(file)) {
                added.state = Entry.State.GONE;
            } else {
                if (old != null) {
                    entries.remove(old);
                }
                entries.add(added, now);
            }
            if (acquire) {
                entries.lease(entry);
            }
            budget.close(reservation, added.bytes());
            reaper.wakeIfShort();
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Removes an entry if it is still the one of its key. Its file is deleted in the background, after the last lease.
     *
     * @return false if it was removed, evicted or replaced before
     */
    public boolean remove(Entry entry) {
        return remove(entry, true);
    }

    /** As {@link #remove}, but does nothing if the key is pinned. */
    public boolean removeUnlessPinned(Entry entry) {
        return remove(entry, false);
    }

    private boolean remove(Entry entry, boolean evenIfPinned) {
        return locked(() -> {
            requireOpen();
            boolean present = entries.find(entry.key) == entry && (evenIfPinned || !entries.isPinned(entry.key));
            if (present) {
                entries.remove(entry);
            }
            return present;
        });
    }

    /**
     * Remembers removed files from now on until {@link #endLoading}, so that they are not added again by a listing that
     * began before they were deleted.
     */
    public void beginLoading() {
        locked(entries::beginLoading);
    }

    /**
     * Ends what {@link #beginLoading} began. If the {@link SharedRoom} allows evicting from now on, that begins, should
     * there be more than the maximum.
     */
    public void endLoading() {
        locked(() -> {
            entries.endLoading();
            reaper.wakeIfShort();
        });
    }

    /**
     * Adds an entry whose file was found, unless the key has one, or the file was removed. Not recorded in the log.
     * Loaded entries are evicted before all that were used or committed since the index was created. Calls in any order
     * are right; those in an ascending or descending order take constant time.
     *
     * @param lastUse orders the loaded entries: the lowest is evicted first. Later uses get a higher
     *     {@link Entry#tick}. {@link #NOW} makes the entry the most recently used one of all
     * @return false if the key has another file, or this one is being deleted: it does not belong to the cache
     * @throws IllegalStateException if the index is closed
     */
    public boolean load(EntryFile file, long storedSize, long lastUse) {
        return load(file, storedSize, lastUse, Duration.ZERO);
    }

    /**
     * Adds an entry whose file was found; see the other method.
     *
     * @param unused how long it was not used, as far as that is known; reported when it is evicted
     */
    public boolean load(EntryFile file, long storedSize, long lastUse, Duration unused) {
        int lastUseTime = clock.ago(unused);
        Entry entry = new Entry(file, storedSize);
        lock.lock();
        try {
            requireOpen();
            Entry old = entries.find(file.key());
            if (old != null) {
                return old.file().equals(file);
            }
            if (entries.wasRemoved(file)) {
                return false;
            }
            budget.requireCountable(entry.bytes());
            entries.load(entry, lastUse, lastUseTime);
            if (entry.bytes() > budget.limit && budget.evicts() && entry.leases == 0) {
                entries.evict(entry); // could not be kept if everything else was evicted
            }
            reaper.wakeIfShort();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether a file was removed, and is not deleted yet, as it is in use or could not be deleted. */
    boolean wasRemoved(EntryFile file) {
        return locked(() -> entries.wasRemoved(file));
    }

    /** Returns all entries at one moment, the least recently used first. */
    public List<Entry> snapshot() {
        return locked(entries::snapshot);
    }

    /**
     * Evicts the least recently used entries until at most a number of bytes is stored, or all others are leased, and
     * waits until their files are deleted. Evicts nothing if only other processes may.
     *
     * @return the number of bytes of the evicted entries
     * @throws InterruptedIOException if the thread is interrupted while it waits; the flag stays set
     */
    public long evictTo(long bytes) throws InterruptedIOException {
        long evicted = 0;
        for (Entry victim = evictAbove(bytes); victim != null; victim = evictAbove(bytes)) {
            evicted += victim.bytes();
        }
        reaper.awaitAdded();
        return evicted;
    }

    private @Nullable Entry evictAbove(long bytes) {
        return locked(() -> {
            requireOpen();
            Entry victim = budget.evicts() && budget.present > bytes ? entries.evictOldest() : null;
            if (victim != null) {
                reaper.add(victim);
            }
            return victim;
        });
    }

    /** Returns the sums at one moment. */
    public IndexTotals totals() {
        return locked(entries::totals);
    }

    /**
     * Ends the index: puts that wait fail, and the files of removed entries are deleted before this returns, even if
     * they are leased. An interrupt is kept, and does not end the wait. Idempotent.
     */
    @Override
    public void close() {
        locked(() -> {
            if (!closed) {
                closed = true;
                budget.close();
                entries.disposeLeased();
                reaper.close();
            }
        });
        reaper.join();
    }

    private <T extends @Nullable Object> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable work) {
        lock.lock();
        try {
            work.run();
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this cache is closed");
        }
    }
}
