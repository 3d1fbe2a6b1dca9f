package io.blobstore.cas.internal;

import io.blobstore.cas.internal.Entry.State;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The entries of an index from the least to the most recently used one. All steps take constant time. Not thread-safe:
 * guarded by the index's lock.
 *
 * <pre>
 * parked:  oldest ── … ── newest      leased when their turn came; all of them older than those below
 * list:    oldest ── loaded ── … ── loaded ── used ── … ── newest
 * </pre>
 *
 * <p>Victims are taken from the list's oldest end. A leased entry found there is set aside once, instead of being
 * passed over by each search; when it is released, its use has just ended, and it becomes the newest.
 *
 * <p>Loaded entries stay below all used ones. A loaded entry is inserted by searching from the one loaded before, so
 * that loading in ascending or descending order never searches.
 */
final class LruOrder {
    /** No number of a loaded entry lets those of later uses overflow. */
    private static final long MAX_LOADED = Long.MAX_VALUE / 2;

    private final LinkedEntries list = new LinkedEntries();
    private final LinkedEntries parked = new LinkedEntries();

    /** The entry that was loaded last, or a neighbour if it is not among the loaded ones any more. */
    private @Nullable Entry cursor;

    private long tick;

    /** Adds a new entry as the newest. */
    void add(Entry entry) {
        entry.tick = ++tick;
        entry.state = State.USED;
        list.addNewest(entry);
    }

    /** Makes an entry the newest. */
    void use(Entry entry) {
        if (list.newest() != entry) {
            remove(entry);
            list.addNewest(entry);
        } else if (cursor == entry) {
            cursor = entry.older;
        }
        entry.state = State.USED;
        entry.tick = ++tick;
    }

    /** Adds an entry below those that were used, and among the loaded ones by its last use. */
    void load(Entry entry, long lastUse) {
        tick = Math.max(tick, Math.min(lastUse, MAX_LOADED));
        entry.tick = lastUse;
        entry.state = State.LOADED;
        Entry older = cursor;
        if (older != null && older.tick <= lastUse) {
            for (Entry next = older.newer;
                    next != null && next.state == State.LOADED && next.tick <= lastUse;
                    next = next.newer) {
                older = next;
            }
        } else {
            while (older != null && older.tick > lastUse) {
                older = older.older;
            }
        }
        list.addAfter(entry, older);
        cursor = entry;
    }

    /** Returns the least recently used entry that is not leased, and sets aside those before it. */
    @Nullable Entry victim() {
        for (Entry oldest = list.oldest(); oldest != null; oldest = list.oldest()) {
            if (oldest.leases == 0) {
                return oldest;
            }
            remove(oldest);
            parked.addNewest(oldest);
            oldest.state = State.PARKED;
        }
        return null;
    }

    /** Takes an entry out. */
    void remove(Entry entry) {
        if (entry.state == State.PARKED) {
            parked.remove(entry);
            return;
        }
        if (cursor == entry) {
            Entry newer = entry.newer;
            cursor = newer != null && newer.state == State.LOADED ? newer : entry.older;
        }
        list.remove(entry);
    }

    /** Returns all entries, the least recently used first. */
    List<Entry> snapshot(int size) {
        List<Entry> all = new ArrayList<>(size);
        for (Entry entry = parked.oldest(); entry != null; entry = entry.newer) {
            all.add(entry);
        }
        for (Entry entry = list.oldest(); entry != null; entry = entry.newer) {
            all.add(entry);
        }
        return all;
    }
}
