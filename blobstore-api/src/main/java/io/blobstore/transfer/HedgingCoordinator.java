package io.blobstore.transfer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the parts in flight and how long they take, and decides which of two hedged requests for a part wins.
 * Thread-safe.
 *
 * <p>The losing thread is interrupted under {@link #lock} while it still reads that part, and clears the interrupt
 * under the same lock: the interrupt never affects what the thread does next.
 */
final class HedgingCoordinator {
    private final Optional<Hedging> hedging;
    private final LongSupplier nanoTime;

    /** Held for a few instructions only. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Set<Part> inFlight = new HashSet<>();
    private final List<Long> durations = new ArrayList<>();

    /** A part that one or two workers read. */
    final class Part {
        final int number;
        private final long since = nanoTime.getAsLong();
        // Guarded by lock:
        private @Nullable Thread first = Thread.currentThread();
        private @Nullable Thread second;
        /** Whether there was a second request; there is never a third. */
        private boolean hedged;

        private @Nullable Thread winner;

        private Part(int number) {
            this.number = number;
        }
    }

    HedgingCoordinator(Optional<Hedging> hedging, LongSupplier nanoTime) {
        this.hedging = hedging;
        this.nanoTime = nanoTime;
    }

    /**
     * Starts the next part on this thread; returns empty if none is left. Taking a part and registering it as in flight
     * is one step: a thread that finds none left finds the last ones registered, and can wait for them.
     *
     * @param next supplies the next part's number, or 0 for none
     */
    Optional<Part> begin(IntSupplier next) {
        lock.lock();
        try {
            int number = next.getAsInt();
            if (number == 0) {
                return Optional.empty();
            }
            Part part = new Part(number);
            inFlight.add(part);
            return Optional.of(part);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a part is overdue, for which this thread shall send a second request; returns empty if there is no
     * part left to wait for.
     */
    Optional<Part> awaitOverdue() throws InterruptedException {
        if (hedging.isEmpty()) {
            return Optional.empty();
        }
        lock.lockInterruptibly();
        try {
            while (true) {
                Optional<Part> oldest = inFlight.stream()
                        .filter(part -> !part.hedged && part.winner == null)
                        .min(Comparator.comparingLong(part -> part.since));
                if (oldest.isEmpty()) {
                    return oldest;
                }
                if (durations.size() < hedging.get().minParts()) {
                    changed.await();
                    continue;
                }
                long left = limit(hedging.get().percentile()) - (nanoTime.getAsLong() - oldest.get().since);
                if (left <= 0) {
                    oldest.get().second = Thread.currentThread();
                    oldest.get().hedged = true;
                    return oldest;
                }
                changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private long limit(double percentile) {
        List<Long> sorted = durations.stream().sorted().toList();
        return sorted.get((int) Math.ceil(percentile * sorted.size()) - 1);
    }

    /**
     * Records that this thread has read the whole part, and stops the other one; returns false if the other was faster.
     */
    boolean arrived(Part part) {
        lock.lock();
        try {
            if (part.winner != null) {
                return false;
            }
            part.winner = Thread.currentThread();
            Thread other = part.winner == part.first ? part.second : part.first;
            if (other != null) {
                other.interrupt();
            } else {
                durations.add(nanoTime.getAsLong() - part.since);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the other thread has read the part: a failure of this thread does not matter then. */
    boolean isLost(Part part) {
        lock.lock();
        try {
            return part.winner != null && part.winner != Thread.currentThread();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the thread of the first request no longer uses the target. */
    void awaitFirst(Part part) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (part.first != null) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Records that this thread no longer uses the part. */
    void end(Part part) {
        lock.lock();
        try {
            if (part.winner != null && part.winner != Thread.currentThread()) {
                Thread.interrupted();
            }
            if (part.first == Thread.currentThread()) {
                part.first = null;
                inFlight.remove(part);
            } else {
                part.second = null;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
