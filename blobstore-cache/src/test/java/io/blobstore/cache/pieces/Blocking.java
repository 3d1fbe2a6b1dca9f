package io.blobstore.cache.pieces;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waiting in tests, for a bounded time. */
public final class Blocking {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Blocking() {}

    /** Waits for a latch, in a store: an interrupt is an {@link InterruptedIOException}. */
    public static void await(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("nobody counted the latch down");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted in the store");
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    /** Polls until a condition holds. */
    public static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("the condition does not become true");
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    /** Polls until a thread waits for another one. */
    public static void untilParked(Thread thread) {
        until(() -> thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING);
    }
}
