package io.blobstore.transfer;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** How a transfer ends, for those who wait for it: {@link Transfer}'s waiting half. */
final class TransferFuture<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();

    /** Decides it. Once. */
    void set(@Nullable T result, @Nullable Throwable problem) {
        if (problem == null) {
            future.complete(result);
        } else {
            future.completeExceptionally(problem);
        }
    }

    /** Whether it is decided. */
    boolean isDone() {
        return future.isDone();
    }

    /** Runs something when it is decided: now, or in the thread that decides it. */
    void whenDone(Runnable action) {
        CompletableFuture<?> unused = future.whenComplete((result, problem) -> action.run());
    }

    /** As {@link Transfer#join()}. */
    T join() throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    /** As {@link Transfer#join(Duration)}. */
    T join(Duration timeout) throws IOException, InterruptedException, TimeoutException {
        try {
            return future.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    /**
     * Waits for it, whatever it is, and however often this thread is interrupted; its status is then set again.
     *
     * @param onInterrupt what to do about an interrupt, before waiting on
     */
    void awaitEnd(Runnable onInterrupt) {
        CompletableFuture<?> end = future.handle((result, problem) -> null);
        boolean interrupted = false;
        while (!end.isDone()) {
            try {
                end.get();
            } catch (InterruptedException e) {
                interrupted = true;
                onInterrupt.run();
            } catch (ExecutionException e) {
                throw new AssertionError("handled above", e);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** As {@link Transfer#toCompletableFuture()}. */
    CompletableFuture<T> copy() {
        return future.copy();
    }

    /** Some JDKs give the cancellation that the outcome was set to, some wrap it in another. */
    private static CancellationException unwrap(CancellationException e) {
        return e.getCause() instanceof CancellationException cancellation ? cancellation : e;
    }

    private static IOException unwrap(ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof IOException problem) {
            return problem;
        }
        if (cause instanceof RuntimeException problem) {
            throw problem;
        }
        if (cause instanceof Error problem) {
            throw problem;
        }
        return new IOException(cause); // nothing here throws such; a store may, unchecked
    }
}
