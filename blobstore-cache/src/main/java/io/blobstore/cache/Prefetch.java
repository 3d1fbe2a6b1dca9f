package io.blobstore.cache;

import io.blobstore.cache.pieces.Prefetching;
import java.io.IOException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Pieces that are being fetched into a cache in the background. Need not be waited for: reads use what has arrived, and
 * share the requests in flight. Thread-safe.
 */
public final class Prefetch {
    /** Nothing to fetch. */
    static final Prefetch NOTHING = new Prefetch(() -> CompletableFuture.completedFuture(0L), () -> {});

    private final Supplier<CompletableFuture<Long>> end;
    private final Runnable cancel;

    private Prefetch(Supplier<CompletableFuture<Long>> end, Runnable cancel) {
        this.end = end;
        this.cancel = cancel;
    }

    /** Creates the prefetch of some pieces. */
    Prefetch(Prefetching running) {
        this(running::end, running::cancel);
    }

    /** Creates the prefetch of a whole blob, for which it waits like a read, until its end. */
    Prefetch(Fill fill) {
        this(() -> fill.end().thenApply(outcome -> fetched(fill, outcome)), new Leave(fill));
    }

    private static long fetched(Fill fill, FillOutcome outcome) {
        if (outcome == FillOutcome.COMPLETE) {
            return fill.blob().size();
        }
        Throwable problem = fill.problem();
        throw new CompletionException(
                problem != null ? problem : new CancellationException("the download was cancelled"));
    }

    /** Leaves a fill once: when it has ended, or was cancelled. */
    private static final class Leave implements Runnable {
        private final Fill fill;
        private final AtomicBoolean left = new AtomicBoolean();

        Leave(Fill fill) {
            this.fill = fill;
            CompletableFuture<?> unused = fill.end().thenRun(() -> leave(false));
        }

        @Override
        public void run() {
            leave(true);
        }

        private void leave(boolean cancelled) {
            if (!left.getAndSet(true)) {
                fill.leave(cancelled);
            }
        }
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
            return end.get().get();
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
        return end.get();
    }

    /** Starts no further request, and cancels those in flight. Does not wait; {@link #join} does. */
    public void cancel() {
        cancel.run();
    }
}
