package io.blobstore.cache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Content that is being fetched by a {@link RemoteCache}, for those who use it meanwhile. What can be read is not
 * verified; its last MiB can be read when all of it was verified, and is in the local cache. So nobody ever gets all of
 * a content that is not that of its hash.
 *
 * <p>Nothing here waits for the network. To be closed, also after a failure: as long as it is open, it holds the
 * content on the disk. Thread-safe.
 */
public final class ArrivingContent implements Closeable {
    private final Fill fill;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Creates a view of a fill that was joined, and is left when this is closed. */
    ArrivingContent(Fill fill) {
        this.fill = fill;
    }

    /** Returns the size of all of the content in bytes. */
    public long size() {
        return fill.blob().size();
    }

    /** Returns a future that completes when the byte at an offset can be read, or never will be. */
    public CompletableFuture<Void> ready(long offset) {
        return fill.ready(offset);
    }

    /**
     * Returns the end of what can be read now.
     *
     * @throws IOException if the fetch has failed
     */
    public long readable() throws IOException {
        return fill.readableNow();
    }

    /**
     * Reads bytes into a buffer from its position on, which advances; 1 MiB at most.
     *
     * @return the number of bytes, which is 0 if none can be read at the offset yet
     * @throws IOException if the fetch has failed, or the local cache cannot be read
     * @throws IllegalStateException if this is closed
     */
    public int read(long offset, ByteBuffer target) throws IOException {
        if (closed.get()) {
            throw new IllegalStateException("the content was closed");
        }
        return new FillReads(fill).readNow(offset, target);
    }

    /** Leaves the fetch, which goes on. Must not be called while a read runs. Idempotent. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            fill.leave(false);
        }
    }
}
