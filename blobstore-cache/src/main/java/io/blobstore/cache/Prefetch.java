package io.blobstore.cache;

import io.blobstore.cache.pieces.Prefetching;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Pieces that are being fetched into a cache in the background. Need not be waited for: reads use what has arrived, and
 * share the requests in flight. Thread-safe.
 */
public final class Prefetch {
    private final Prefetching running;

    Prefetch(Prefetching running) {
        this.running = running;
    }

    /**
     * Waits until all pieces are there.
     *
     * @return the number of bytes that were fetched; pieces that were there before do not count
     * @throws IOException if a piece cannot be fetched, after the retries of the manager; those before it are there
     * @throws CancellationException if it was cancelled, or the cache closed
     * @throws InterruptedException if the caller is interrupted while waiting; the prefetch continues
     */
    public long join() throws IOException, InterruptedException {
        try {
            return running.end().get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException problem) {
                throw problem;
            }
            if (cause instanceof RuntimeException problem) {
                throw problem;
            }
            if (cause instanceof Error problem) {
                throw problem;
            }
            throw new IOException(cause);
        }
    }

    /** Returns the end as a future, a new one with each call; see {@link #join}. */
    public CompletableFuture<Long> toCompletableFuture() {
        return running.end();
    }

    /** Starts no further request, and cancels those in flight. Does not wait; {@link #join} does. */
    public void cancel() {
        running.cancel();
    }
}
