package io.blobstore.cas.internal;

import io.blobstore.cas.internal.Entry.State;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The entries of an index and their states. Each change is one step: of the state, the order, the sums, and the log
 * together. Not thread-safe: guarded by the index's lock.
 */
final class EntryStates {
    private final Map<EntryKey, Entry> present = new HashMap<>();
    private final LruOrder order = new LruOrder();
    private final LinkedEntries leasedDoomed = new LinkedEntries();
    private final Set<EntryFile> doomedFiles = new HashSet<>();
    private final Set<EntryFile> deletedWhileLoading = new HashSet<>();

    /** How often each key is pinned. An entry of such a key has one more lease, whenever it comes and goes. */
    private final Map<EntryKey, Integer> pins = new HashMap<>();

    private final Budget budget;
    private final IndexLog log;

    /** Receives doomed entries without leases, whose files can be deleted. */
    private final Consumer<Entry> delete;

    private boolean loading;
    private long contentBytes;
    private long pinnedBytes;
    private long evictions;
    private long failedUnlinks;

    EntryStates(Budget budget, IndexLog log, Consumer<Entry> delete) {
        this.budget = budget;
        this.log = log;
        this.delete = delete;
    }

    @Nullable Entry find(EntryKey key) {
        return present.get(key);
    }

    /** Returns whether a file was removed: it is being deleted, or was deleted after the listing began. */
    boolean wasRemoved(EntryFile file) {
        return doomedFiles.contains(file) || deletedWhileLoading.contains(file);
    }

    void beginLoading() {
        loading = true;
    }

    void endLoading() {
        loading = false;
        deletedWhileLoading.clear();
    }

    /** Adds an entry as the newest. */
    void add(Entry entry, int now) {
        insert(entry, now);
        order.add(entry);
        log.added(entry);
    }

    /** Adds an entry that was found. */
    void load(Entry entry, long lastUse, int lastUseTime) {
        insert(entry, lastUseTime);
        if (lastUse == Index.NOW) {
            order.add(entry);
        } else {
            order.load(entry, lastUse);
        }
    }

    private void insert(Entry entry, int lastUseTime) {
        entry.lastUseTime = lastUseTime;
        present.put(entry.key, entry);
        budget.present += entry.bytes();
        contentBytes += entry.contentSize();
        if (isPinned(entry.key)) {
            pinnedBytes += entry.bytes();
            lease(entry);
        }
    }

    // ---- pins

    boolean isPinned(EntryKey key) {
        return pins.containsKey(key);
    }

    /** Keeps whatever entry a key has or gets from being evicted, until it is unpinned as often. */
    void pin(EntryKey key) {
        if (pins.merge(key, 1, Integer::sum) > 1) {
            return;
        }
        Entry entry = present.get(key);
        if (entry != null) {
            pinnedBytes += entry.bytes();
            lease(entry);
        }
    }

    void unpin(EntryKey key, int now) {
        Integer count = pins.get(key);
        if (count == null) {
            throw new IllegalStateException("unpinned more often than pinned: " + key);
        }
        if (count > 1) {
            pins.put(key, count - 1);
            return;
        }
        pins.remove(key);
        Entry entry = present.get(key);
        if (entry != null) {
            pinnedBytes -= entry.bytes();
            release(entry, now);
        }
    }

    // ---- uses

    /** Makes an entry the newest. */
    void use(Entry entry, int now) {
        entry.lastUseTime = now;
        order.use(entry);
        log.used(entry);
    }

    void acquire(Entry entry, int now) {
        lease(entry);
        use(entry, now);
    }

    /** Adds a lease without counting that as a use. */
    void lease(Entry entry) {
        if (entry.leases++ == 0 && entry.state != State.GONE) {
            budget.leased += entry.bytes();
        }
    }

    void release(Entry entry, int now) {
        if (entry.leases <= 0) {
            throw new IllegalStateException("released more often than acquired: " + entry.file());
        }
        if (--entry.leases > 0) {
            return;
        }
        switch (entry.state) {
            case LOADED, USED -> budget.leased -= entry.bytes();
            case PARKED -> {
                budget.leased -= entry.bytes();
                use(entry, now);
            }
            case EVICTED, REMOVED -> {
                if (leasedDoomed.contains(entry)) {
                    leasedDoomed.remove(entry);
                    budget.stuck -= entry.bytes();
                    delete.accept(entry);
                }
            }
            case GONE -> {
                // the index was closed meanwhile
            }
        }
    }

    /** Removes an entry, which must be present; its file is deleted after the last lease. */
    void remove(Entry entry) {
        take(entry, State.REMOVED);
        dispose(entry);
    }

    /** Removes an entry, which must be present, to make room; its file is deleted after the last lease. */
    void evict(Entry entry) {
        take(entry, State.EVICTED);
        evictions++;
        dispose(entry);
    }

    /** Takes the next victim out; null if there is none. The caller deletes its file. */
    @Nullable Entry evictOldest() {
        Entry victim = order.victim();
        if (victim != null) {
            take(victim, State.EVICTED);
            evictions++;
        }
        return victim;
    }

    /** Takes an entry out, once: from now on its bytes are counted as those of a removed one. */
    private void take(Entry entry, State state) {
        present.remove(entry.key);
        order.remove(entry);
        entry.state = state;
        contentBytes -= entry.contentSize();
        budget.present -= entry.bytes();
        budget.doomed += entry.bytes();
        doomedFiles.add(entry.file());
        log.removed(entry);
        if (isPinned(entry.key)) {
            pinnedBytes -= entry.bytes();
            if (--entry.leases == 0) {
                budget.leased -= entry.bytes();
            }
        }
    }

    private void dispose(Entry entry) {
        if (entry.leases == 0) {
            delete.accept(entry);
            return;
        }
        budget.leased -= entry.bytes();
        budget.stuck += entry.bytes();
        leasedDoomed.addNewest(entry);
    }

    /** Lets the files of removed entries be deleted, even if they are leased. */
    void disposeLeased() {
        while (!leasedDoomed.isEmpty()) {
            Entry entry = leasedDoomed.removeOldest();
            budget.stuck -= entry.bytes();
            delete.accept(entry);
        }
    }

    /** The file of a doomed entry is deleted. */
    void deleted(Entry entry) {
        EntryFile file = entry.file();
        entry.state = State.GONE;
        budget.doomed -= entry.bytes();
        doomedFiles.remove(file);
        if (loading) {
            deletedWhileLoading.add(file);
        }
    }

    /** The file of a doomed entry could not be deleted. */
    void notDeleted(Entry entry) {
        failedUnlinks++;
        budget.stuck += entry.bytes();
    }

    /** A file that could not be deleted is tried again. */
    void retried(Entry entry) {
        budget.stuck -= entry.bytes();
    }

    List<Entry> snapshot() {
        return order.snapshot(present.size());
    }

    IndexTotals totals() {
        return new IndexTotals(
                present.size(),
                contentBytes,
                budget.present,
                budget.reserved(),
                budget.doomed,
                evictions,
                failedUnlinks,
                pinnedBytes);
    }
}
