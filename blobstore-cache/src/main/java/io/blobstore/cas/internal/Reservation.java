package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import java.io.Closeable;
import java.io.InterruptedIOException;

/**
 * Room for a file that is being written. It grows with the bytes that arrive. Used by one thread at a time; another one
 * may close it.
 */
public final class Reservation implements Closeable {
    private final Index index;

    /** The number of bytes that were announced, in whole blocks. */
    final long declared;

    /** The number of bytes that are reserved. Guarded by the index's lock. */
    long granted;

    /** Guarded by the index's lock. */
    boolean closed;

    Reservation(Index index, long declared) {
        this.index = index;
        this.declared = declared;
    }

    /**
     * Makes sure that there is room for a number of bytes in total; victims are evicted for it. Call this before the
     * bytes are written. Returns at once if they were reserved already, and normally otherwise too; waits while entries
     * are being deleted to make the room.
     *
     * @param bytes the length that the file may have after this call
     * @throws CacheFullException if there is no room, because everything else is in use. Delete what was written and
     *     close this reservation then: others may wait for that
     * @throws InterruptedIOException if the thread is interrupted while it waits; the flag stays set
     * @throws IllegalArgumentException if that is more than the cache may have
     * @throws IllegalStateException if the index or this reservation is closed
     */
    public void require(long bytes) throws CacheFullException, InterruptedIOException {
        index.grow(this, bytes);
    }

    /** Returns the room that was not committed. Call this after what was written is deleted. Idempotent. */
    @Override
    public void close() {
        index.close(this);
    }
}
