package io.blobstore.transfer;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The outcome of a transfer, and waiting for it. Thread-safe. */
final class TransferFuture<T> {
    private final CompletableFuture<T> future = new CompletableFuture<>();

    /** Sets the outcome, once. */
    void set(@Nullable T result, @Nullable Throwable problem) {
        if (problem == null) {
            future.complete(result);
        } else {
            future.completeExceptionally(problem);
        }
    }

    /** Returns whether the outcome is set. */
    boolean isDone() {
        return future.isDone();
    }

    /** Runs an action when the outcome is set: now, or on the thread that sets it. */
    void whenDone(Runnable action) {
        CompletableFuture<?> unused = future.whenComplete((result, problem) -> action.run());
    }

    /** Implements {@link Transfer#join()}. */
    T join() throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    /**
     * Implements {@link Transfer#join(Duration)}.
     *
     * @param what describes the transfer, for the exception
     */
    T join(Duration timeout, String what) throws IOException, InterruptedException, TimeoutException {
        try {
            return future.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new TimeoutException(what + " has not ended within " + timeout + ", and continues");
        } catch (ExecutionException e) {
            throw unwrap(e);
        } catch (CancellationException e) {
            throw unwrap(e);
        }
    }

    /** Returns a future that succeeds when the outcome, whichever, is set. */
    CompletableFuture<?> whenEnded() {
        return future.handle((result, problem) -> null);
    }

    /**
     * Waits for any outcome, even if the caller is interrupted; its interrupt status is restored at the end.
     *
     * @param onInterrupt runs after an interrupt, before waiting continues
     */
    void awaitEnd(Runnable onInterrupt) {
        CompletableFuture<?> end = whenEnded();
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

    /** Implements {@link Transfer#toCompletableFuture()}. */
    CompletableFuture<T> copy() {
        return future.copy();
    }

    /** Returns the cancellation to which the outcome was set: some JDKs throw it, others wrap it in another one. */
    private static CancellationException unwrap(CancellationException e) {
        return JoinTrace.addTo(e.getCause() instanceof CancellationException cancellation ? cancellation : e);
    }

    private static IOException unwrap(ExecutionException e) {
        Throwable cause = JoinTrace.addTo(Objects.requireNonNullElse(e.getCause(), e));
        if (cause instanceof IOException problem) {
            return problem;
        }
        if (cause instanceof RuntimeException problem) {
            throw problem;
        }
        if (cause instanceof Error problem) {
            throw problem;
        }
        return new IOException(cause); // not thrown here, but a store may throw it sneakily
    }
}
