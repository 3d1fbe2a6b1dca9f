package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import java.io.Closeable;
import java.util.Optional;
import java.util.function.Consumer;

/** The entries of a cache, in the order of their last use, within an exact bound of bytes. Thread-safe. */
public final class Index implements Closeable {
    /**
     * Creates an empty index.
     *
     * @param maxBytes the most bytes of entries, files being deleted, and reservations together
     * @param log records the changes
     * @param unlink deletes the file of a removed entry; called by the index's own thread
     */
    public Index(long maxBytes, IndexLog log, Consumer<Entry> unlink) {
        throw new UnsupportedOperationException();
    }

    /** Finds an entry, counts that as a use, and keeps its file until {@link #release}. */
    public Optional<Entry> acquire(EntryKey key) {
        throw new UnsupportedOperationException();
    }

    /** Ends a use that {@link #acquire} began. */
    public void release(Entry entry) {
        throw new UnsupportedOperationException();
    }

    /** Returns whether there is an entry, and counts that as a use. */
    public boolean contains(EntryKey key) {
        throw new UnsupportedOperationException();
    }

    /**
     * Begins to reserve room.
     *
     * @param declared the bytes that will be needed at most; only a part of them is reserved at first
     * @throws IllegalArgumentException if that is more than the cache may have
     */
    public Reservation reserve(long declared) throws CacheFullException {
        throw new UnsupportedOperationException();
    }

    /** Adds an entry, whose file is in its place, in exchange for a reservation; replaces the one that the key had. */
    public Entry commit(Reservation reservation, EntryFile file, long storedSize) {
        throw new UnsupportedOperationException();
    }

    /** Removes an entry if it is still the one of its key. */
    public boolean remove(Entry entry) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds an entry whose file was found, unless the key has one.
     *
     * @param lastUse orders the entries: the lowest is evicted first
     */
    public boolean load(EntryFile file, long storedSize, long lastUse) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
