package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.internal.Entry.State;
import java.io.Closeable;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
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
 * lease is open, even if the entry was removed meanwhile.
 *
 * <p>One lock guards everything; it is held for some instructions, and never during a system call. {@link IndexLog} is
 * called under it.
 */
public final class Index implements Closeable {
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final long NANOS_OF_AGE_UNIT = 100_000_000;

    final ReentrantLock lock = new ReentrantLock();

    // All guarded by the lock.
    private final Map<EntryKey, Entry> entries = new HashMap<>();
    private final LruOrder order = new LruOrder();
    private final Room room;
    private final Set<EntryFile> doomedFiles = new HashSet<>();
    private final Set<EntryFile> deletedWhileLoading = new HashSet<>();
    private final LinkedEntries leasedDoomed = new LinkedEntries();
    private long contentBytes;
    private long evictions;
    private long failedUnlinks;
    private boolean loading;
    private boolean closed;

    private final IndexLog log;
    private final Reaper reaper;
    private final LongSupplier nanoTime;
    private final long created;

    /**
     * Creates an empty index without a listener.
     *
     * @param maxBytes the most bytes of entries, files being deleted, and reservations together
     * @param log records the changes
     * @param unlink deletes the file of a removed entry; called by the index's own thread
     */
    public Index(long maxBytes, IndexLog log, Unlink unlink) {
        this(maxBytes, log, unlink, CacheListener.NONE);
    }

    /**
     * Creates an empty index.
     *
     * @param listener its method {@code evicted} is called, by the index's own thread
     */
    public Index(long maxBytes, IndexLog log, Unlink unlink, CacheListener listener) {
        this(maxBytes, log, unlink, listener, System::nanoTime, FIRST_PAUSE);
    }

    Index(
            long maxBytes,
            IndexLog log,
            Unlink unlink,
            CacheListener listener,
            LongSupplier nanoTime,
            Duration pauseAfterFailure) {
        room = new Room(maxBytes);
        this.log = log;
        this.nanoTime = nanoTime;
        created = nanoTime.getAsLong();
        reaper = new Reaper(this, unlink, listener, pauseAfterFailure);
        reaper.start();
    }

    /**
     * Finds an entry, counts that as a use, and keeps its file until {@link #release}.
     *
     * @return empty also if it is doomed
     */
    public Optional<Entry> acquire(EntryKey key) {
        int now = now();
        lock.lock();
        try {
            requireOpen();
            Entry entry = entries.get(key);
            if (entry == null) {
                return Optional.empty();
            }
            if (entry.leases++ == 0) {
                room.leased += entry.bytes();
            }
            use(entry, now);
            return Optional.of(entry);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends a use that {@link #acquire} began; possible after {@link #close} too.
     *
     * @throws IllegalStateException if the entry was released more often than acquired
     */
    public void release(Entry entry) {
        int now = now();
        lock.lock();
        try {
            if (entry.leases <= 0) {
                throw new IllegalStateException("released more often than acquired: " + entry.file());
            }
            if (--entry.leases > 0) {
                return;
            }
            switch (entry.state) {
                case LOADED, USED -> room.leased -= entry.bytes();
                case PARKED -> {
                    room.leased -= entry.bytes();
                    use(entry, now);
                }
                case EVICTED, REMOVED -> {
                    if (!closed) {
                        room.stuck -= entry.bytes();
                        leasedDoomed.remove(entry);
                        reaper.add(entry);
                    }
                }
                case GONE -> {
                    // the index was closed meanwhile
                }
            }
            if (room.hasWaiters() || entry.state == State.USED) {
                wakeIfShort();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether there is an entry, and counts that as a use. */
    public boolean contains(EntryKey key) {
        int now = now();
        lock.lock();
        try {
            requireOpen();
            Entry entry = entries.get(key);
            if (entry != null) {
                use(entry, now);
            }
            return entry != null;
        } finally {
            lock.unlock();
        }
    }

    /** Returns an entry without counting that as a use, and without a lease: its file may be deleted at any time. */
    public Optional<Entry> peek(EntryKey key) {
        lock.lock();
        try {
            return Optional.ofNullable(entries.get(key));
        } finally {
            lock.unlock();
        }
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
        long blocks = requireAllowed(declared);
        Reservation reservation = new Reservation(this, blocks);
        try {
            grow(reservation, Math.min(blocks, Room.BLOCK));
            return reservation;
        } catch (Throwable e) {
            reservation.close();
            throw e;
        }
    }

    private long requireAllowed(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("content has 0 bytes or more; got " + bytes);
        }
        long blocks = Room.blocks(bytes);
        if (blocks > room.limit) {
            throw new IllegalArgumentException("content of " + bytes + " bytes is larger than the cache, which has "
                    + room.max + ": raise its maximum size, or do without caching it");
        }
        return blocks;
    }

    void grow(Reservation reservation, long bytes) throws CacheFullException, InterruptedIOException {
        long needed = requireAllowed(bytes);
        lock.lock();
        try {
            requireOpen();
            if (reservation.closed) {
                throw new IllegalStateException("this reservation is closed");
            }
            if (needed <= reservation.granted) {
                return;
            }
            long usual = Math.min(reservation.declared, reservation.granted + room.step);
            Room.Waiter waiter = room.request(
                    reservation,
                    needed - reservation.granted,
                    Math.max(needed, usual) - reservation.granted,
                    lock.newCondition());
            wakeIfShort();
            if (waiter != null) {
                await(waiter);
            }
        } finally {
            lock.unlock();
        }
    }

    private void await(Room.Waiter waiter) throws CacheFullException, InterruptedIOException {
        while (waiter.outcome == null) {
            try {
                waiter.condition.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                if (waiter.outcome == null) {
                    room.cancel(waiter);
                    throw new InterruptedIOException("interrupted while waiting for room in the cache");
                }
            }
        }
        if (waiter.outcome == Room.Waiter.Outcome.CLOSED) {
            requireOpen();
        }
        if (waiter.outcome == Room.Waiter.Outcome.REFUSED) {
            throw room.full(waiter.minimum);
        }
    }

    void close(Reservation reservation) {
        lock.lock();
        try {
            room.reserved -= reservation.granted;
            reservation.granted = 0;
            reservation.closed = true;
            room.serve();
            wakeIfShort();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds an entry, whose file is in its place, in exchange for a reservation, which is closed; replaces the one that
     * the key had. If the same file was found and loaded meanwhile, its entry is kept.
     *
     * @param storedSize the length of the file in bytes; {@link Reservation#require} was called for it
     * @throws IllegalStateException if less was reserved, or the reservation or the index is closed; nothing is changed
     */
    public Entry commit(Reservation reservation, EntryFile file, long storedSize) {
        int now = now();
        Entry added = new Entry(file, storedSize);
        lock.lock();
        try {
            requireOpen();
            if (reservation.closed || added.bytes() > reservation.granted) {
                throw new IllegalStateException("a file of " + storedSize + " bytes was not reserved: the reservation "
                        + (reservation.closed ? "is closed" : "has " + reservation.granted));
            }
            Entry old = entries.get(file.key());
            if (old != null && old.file().equals(file)) {
                close(reservation);
                use(old, now);
                return old;
            }
            if (old != null) {
                doom(old, State.REMOVED);
            }
            room.reserved -= reservation.granted;
            reservation.granted = 0;
            reservation.closed = true;
            insert(added, now);
            order.add(added);
            log.added(added);
            room.serve();
            wakeIfShort();
            return added;
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
        lock.lock();
        try {
            requireOpen();
            if (entries.get(entry.key) != entry) {
                return false;
            }
            doom(entry, State.REMOVED);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Remembers removed files from now on until {@link #endLoading}, so that they are not added again by a listing that
     * began before they were deleted. The calls of {@link #load} between them need no particular order, but are fastest
     * in an ascending or descending one.
     */
    public void beginLoading() {
        lock.lock();
        try {
            loading = true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends what {@link #beginLoading} began. */
    public void endLoading() {
        lock.lock();
        try {
            loading = false;
            deletedWhileLoading.clear();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Adds an entry whose file was found, unless the key has one, or the file was removed. Not recorded in the log.
     * Loaded entries are evicted before all that were used or committed since the index was created.
     *
     * @param lastUse orders the loaded entries: the lowest is evicted first. Later uses get a higher {@link Entry#tick}
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
        int now = now();
        Entry entry = new Entry(file, storedSize);
        lock.lock();
        try {
            requireOpen();
            Entry old = entries.get(file.key());
            if (old != null) {
                return old.file().equals(file);
            }
            if (doomedFiles.contains(file) || deletedWhileLoading.contains(file)) {
                return false;
            }
            room.requireCountable(entry.bytes());
            insert(entry, now - ageUnits(unused));
            order.load(entry, lastUse);
            if (entry.bytes() > room.limit) {
                doom(entry, State.EVICTED); // could not be kept if everything else was evicted
                evictions++;
            }
            wakeIfShort();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns all entries at one moment, the least recently used first. */
    public List<Entry> snapshot() {
        lock.lock();
        try {
            return order.snapshot(entries.size());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Evicts the least recently used entries until at most a number of bytes is stored, or all others are leased, and
     * waits until their files are deleted.
     *
     * @return the number of bytes of the evicted entries
     * @throws InterruptedIOException if the thread is interrupted while it waits; the flag stays set
     */
    public long evictTo(long bytes) throws InterruptedIOException {
        long evicted = 0;
        while (true) {
            lock.lock();
            try {
                requireOpen();
                Entry victim = room.present > bytes ? order.victim() : null;
                if (victim == null) {
                    reaper.awaitAdded();
                    return evicted;
                }
                evict(victim);
                evicted += victim.bytes();
                reaper.add(victim);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for files to be deleted");
            } finally {
                lock.unlock();
            }
        }
    }

    /** Returns the sums at one moment. */
    public IndexTotals totals() {
        lock.lock();
        try {
            return new IndexTotals(
                    entries.size(), contentBytes, room.present, room.reserved, room.doomed, evictions, failedUnlinks);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the index: puts that wait fail, and the files of removed entries are deleted before this returns, even if
     * they are leased. An interrupt is kept, and does not end the wait. Idempotent.
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                room.close();
                while (!leasedDoomed.isEmpty()) {
                    Entry entry = leasedDoomed.removeOldest();
                    room.stuck -= entry.bytes();
                    reaper.add(entry);
                }
                reaper.close();
            }
        } finally {
            lock.unlock();
        }
        reaper.join();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this cache is closed");
        }
    }

    private void use(Entry entry, int now) {
        entry.lastUse = now;
        order.use(entry);
        log.used(entry);
    }

    private void insert(Entry entry, int lastUse) {
        entry.lastUse = lastUse;
        entries.put(entry.key, entry);
        room.present += entry.bytes();
        contentBytes += entry.contentSize();
    }

    /** Takes an entry out, once: its bytes are counted as those of a removed one from now on. */
    private void take(Entry entry, State state) {
        entries.remove(entry.key);
        order.remove(entry);
        entry.state = state;
        contentBytes -= entry.contentSize();
        room.present -= entry.bytes();
        room.doomed += entry.bytes();
        doomedFiles.add(entry.file());
        log.removed(entry);
    }

    private void doom(Entry entry, State state) {
        take(entry, state);
        if (entry.leases > 0) {
            room.leased -= entry.bytes();
            room.stuck += entry.bytes();
            leasedDoomed.addNewest(entry);
        } else {
            reaper.add(entry);
        }
    }

    private void evict(Entry victim) {
        take(victim, State.EVICTED);
        evictions++;
    }

    /** Evicts one entry if there is too little room, or decides about those that wait. Requires the lock. */
    @Nullable Entry evict() {
        if (room.excess() <= 0) {
            return null;
        }
        Entry victim = order.victim();
        if (victim != null) {
            evict(victim);
        } else {
            settle();
        }
        return victim;
    }

    /** Decides about those that wait, because nothing can be evicted. Requires the lock. */
    void settle() {
        room.settle();
    }

    /** Counts an attempt to delete a file. Requires the lock. */
    void unlinked(Entry entry, boolean deleted) {
        if (deleted) {
            entry.state = State.GONE;
            room.doomed -= entry.bytes();
            EntryFile file = entry.file();
            doomedFiles.remove(file);
            if (loading) {
                deletedWhileLoading.add(file);
            }
            room.serve();
        } else {
            failedUnlinks++;
            room.stuck += entry.bytes();
        }
    }

    /** A file that could not be deleted is tried again. Requires the lock. */
    void retried(Entry entry) {
        room.stuck -= entry.bytes();
    }

    private void wakeIfShort() {
        if (room.hasWaiters() || room.excess() > 0) {
            reaper.wake();
        }
    }

    private int now() {
        return (int) ((nanoTime.getAsLong() - created) / NANOS_OF_AGE_UNIT);
    }

    private static int ageUnits(Duration age) {
        return (int) Math.max(0, Math.min(Integer.MAX_VALUE / 2, age.toMillis() / (NANOS_OF_AGE_UNIT / 1_000_000)));
    }

    /** Returns how long an entry was not used. */
    Duration unused(Entry entry) {
        return Duration.ofNanos(Math.max(0, (long) now() - entry.lastUse) * NANOS_OF_AGE_UNIT);
    }
}
