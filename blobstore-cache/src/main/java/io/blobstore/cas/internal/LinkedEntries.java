package io.blobstore.cas.internal;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A doubly linked list through the entries themselves; each is in one list at most. Not thread-safe. */
final class LinkedEntries {
    private @Nullable Entry oldest;
    private @Nullable Entry newest;

    @Nullable Entry oldest() {
        return oldest;
    }

    @Nullable Entry newest() {
        return newest;
    }

    void addNewest(Entry entry) {
        addAfter(entry, newest);
    }

    /** Adds an entry next to another one, on its newer side; as the oldest if there is no other. */
    void addAfter(Entry entry, @Nullable Entry older) {
        Entry newer = older == null ? oldest : older.newer;
        entry.older = older;
        entry.newer = newer;
        if (older == null) {
            oldest = entry;
        } else {
            older.newer = entry;
        }
        if (newer == null) {
            newest = entry;
        } else {
            newer.older = entry;
        }
    }

    void remove(Entry entry) {
        Entry older = entry.older;
        Entry newer = entry.newer;
        if (older == null) {
            oldest = newer;
        } else {
            older.newer = newer;
        }
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        entry.older = null;
        entry.newer = null;
    }

    /** Takes out the oldest entry, which must exist. */
    Entry removeOldest() {
        Entry entry = Objects.requireNonNull(oldest, "the list is empty");
        remove(entry);
        return entry;
    }

    /** Returns whether this list has an entry that no other list has. */
    boolean contains(Entry entry) {
        return entry == oldest || entry.older != null;
    }

    boolean isEmpty() {
        return oldest == null;
    }
}
