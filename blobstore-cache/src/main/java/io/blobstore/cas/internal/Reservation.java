package io.blobstore.cas.internal;

import io.blobstore.cas.CacheFullException;
import java.io.Closeable;

/** Room for a file that is being written. It grows with the bytes that arrive. Not thread-safe. */
public final class Reservation implements Closeable {
    Reservation() {}

    /**
     * Makes sure that there is room for a number of bytes in total; victims are evicted for it.
     *
     * @throws CacheFullException if there is no room, because everything else is in use
     */
    public void require(long bytes) throws CacheFullException {
        throw new UnsupportedOperationException();
    }

    /** Returns the room that was not committed. Idempotent. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
