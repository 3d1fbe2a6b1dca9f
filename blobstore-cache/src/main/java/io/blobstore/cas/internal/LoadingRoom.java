package io.blobstore.cas.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The room of a cache that one process has for itself, until its directory is listed: the index does not know the sum
 * of all files yet, so that it could neither keep within the bound nor choose what to evict. Until then there is as
 * much room as the journal leaves, or none if the journal may be incomplete; puts wait for the rest.
 *
 * <p>Thread-safe.
 */
final class LoadingRoom implements SharedRoom {
    private final AtomicLong free;
    private volatile boolean loaded;

    /**
     * Creates a room.
     *
     * @param free the bytes that are free for sure
     */
    LoadingRoom(long free) {
        this.free = new AtomicLong(Math.max(0, free));
    }

    /** Returns what a cache has free according to its journal; 0 if that does not know all files. */
    static long freeBytes(long maxBytes, JournalFiles.Content recorded) {
        if (!recorded.isComplete()) {
            return 0;
        }
        JournalState state = recorded.state();
        long free = maxBytes;
        for (int i = 0; i < state.size() && free > 0; i++) {
            if (state.isPresent(i)) {
                free -= Budget.blocks(JournalRecord.storedSize(state.words(i), state.at(i)));
            }
        }
        return free;
    }

    /** Ends the restriction: from now on, the bound of the index is the only one. */
    void loaded() {
        loaded = true;
    }

    @Override
    public boolean take(long bytes) {
        if (loaded) {
            return true;
        }
        long before = free.getAndUpdate(now -> now >= bytes ? now - bytes : now);
        return before >= bytes;
    }

    @Override
    public void give(long bytes) {
        if (!loaded) {
            free.addAndGet(bytes);
        }
    }

    @Override
    public boolean evicts() {
        return loaded;
    }
}
