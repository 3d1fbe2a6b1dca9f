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
 * Which parts are under way and for how long, and whose answer counts where a part was asked for twice. Thread-safe.
 *
 * <p>Who is too late is interrupted, under {@link #lock} and while still at that part, and clears that interrupt under
 * the same lock: none reaches what its thread does next.
 */
final class HedgingCoordinator {
    private final Optional<Hedging> hedging;
    private final LongSupplier nanoTime;

    /** Held for some instructions. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Set<Part> underWay = new HashSet<>();
    private final List<Long> durations = new ArrayList<>();

    /** A part that one or two workers fetch. */
    final class Part {
        final int number;
        private final long since = nanoTime.getAsLong();
        // Guarded by lock:
        private @Nullable Thread first = Thread.currentThread();
        private @Nullable Thread second;
        /** Once there was a second, there is no third. */
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
     * This thread begins to fetch the next part; empty if there is none left. A part is taken and under way at once:
     * whoever finds none left finds the last ones here, and can wait for them.
     *
     * @param next gives the next part's number, or 0
     */
    Optional<Part> begin(IntSupplier next) {
        lock.lock();
        try {
            int number = next.getAsInt();
            if (number == 0) {
                return Optional.empty();
            }
            Part part = new Part(number);
            underWay.add(part);
            return Optional.of(part);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a part takes too long, which this thread shall fetch, too; empty if there is none left to wait for.
     */
    Optional<Part> awaitOverdue() throws InterruptedException {
        if (hedging.isEmpty()) {
            return Optional.empty();
        }
        lock.lockInterruptibly();
        try {
            while (true) {
                Optional<Part> oldest = underWay.stream()
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

    /** This thread has the whole part; false if the other one was faster. Stops the other one. */
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

    /** Whether the other thread has the part: what this one meets is of no interest any more. */
    boolean isLost(Part part) {
        lock.lock();
        try {
            return part.winner != null && part.winner != Thread.currentThread();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the thread that began touches nothing any more. */
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

    /** This thread touches nothing of the part any more. */
    void end(Part part) {
        lock.lock();
        try {
            if (part.winner != null && part.winner != Thread.currentThread()) {
                Thread.interrupted();
            }
            if (part.first == Thread.currentThread()) {
                part.first = null;
                underWay.remove(part);
            } else {
                part.second = null;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
