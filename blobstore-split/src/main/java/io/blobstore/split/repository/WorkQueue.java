package io.blobstore.split.repository;

import io.blobstore.split.ObjectHash;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Units of work that a transfer's first worker, the <em>owner</em>, creates, and other workers do, first in, first out.
 * A unit may {@linkplain #offer offer} others, for workers that have nothing else to do.
 *
 * <p><b>Progress.</b> No thread waits for a unit that nobody does: the owner does units itself while it waits
 * ({@link #helpUntil}), so it needs no other worker, and any executor will do. Workers start when there is a unit that
 * no idle worker can take. A worker waits for the owner, or for units that others have begun ({@link #await}), which
 * are running; it does not wait for the owner on the owner's thread, as with an executor that runs tasks in the caller.
 *
 * <p>The owner's methods are not thread-safe. An interrupt of the transfer ends every wait.
 */
final class WorkQueue {
    /** A unit of work. Its failure ends the transfer. */
    @FunctionalInterface
    interface Unit {
        void run(Scratch scratch) throws IOException, InterruptedException;
    }

    /** Unwinds a worker of a transfer that has stopped for another reason; never an outcome. */
    static final class StoppedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private StoppedException() {
            super("the transfer has stopped", null, false, false);
        }
    }

    private final TransferContext context;
    private final ObjectHash hash;
    private final int maxWorkers;
    private final Thread owner = Thread.currentThread();
    private final Scratch ownScratch;
    /** Those of workers that have ended, for the next ones. */
    private final Queue<Scratch> spare = new ConcurrentLinkedQueue<>();
    /** Whether the executor has rejected a worker. Written by the owner. */
    private boolean rejected;

    /** Held for a few instructions. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition work = lock.newCondition();
    private final Condition progress = lock.newCondition();
    // Guarded by lock:
    private final ArrayDeque<Unit> ready = new ArrayDeque<>();
    /** Workers submitted to the executor that have not ended. */
    private int workers;

    private int idle;
    /** Units that were submitted and not completed. */
    private int pending;

    private boolean closed;

    /**
     * Creates an empty queue whose owner is the calling thread.
     *
     * @param maxWorkers the maximum number of workers beside the owner, 0 or more
     */
    WorkQueue(TransferContext context, ObjectHash hash, int maxWorkers) {
        this.context = context;
        this.hash = hash;
        this.maxWorkers = maxWorkers;
        this.ownScratch = new Scratch(hash);
    }

    // ---- for the owner

    /** Adds a unit, and starts a worker if there may be use for one. */
    void submit(Unit unit) {
        boolean start;
        lock.lock();
        try {
            ready.add(unit);
            pending++;
            work.signal();
            start = ready.size() > idle && workers < maxWorkers && !rejected;
            if (start) {
                workers++;
            }
        } finally {
            lock.unlock();
        }
        if (start && context.startWorkers(1, this::runWorker) == 0) {
            rejected = true;
        }
    }

    /**
     * Does units until a condition holds; waits if there is none.
     *
     * @param condition evaluated under the queue's lock
     */
    void helpUntil(BooleanSupplier condition) throws IOException, InterruptedException {
        for (; ; ) {
            Unit unit;
            requireRunning();
            lock.lockInterruptibly();
            try {
                while (!condition.getAsBoolean() && ready.isEmpty()) {
                    progress.await();
                }
                if (condition.getAsBoolean()) {
                    return;
                }
                unit = ready.remove();
            } finally {
                lock.unlock();
            }
            run(unit, ownScratch);
        }
    }

    /** Does units until fewer than {@code bound} wait to be done. */
    void awaitRoom(int bound) throws IOException, InterruptedException {
        helpUntil(() -> ready.size() < bound);
    }

    /** Does units until all are completed. */
    void awaitAll() throws IOException, InterruptedException {
        helpUntil(() -> pending == 0);
    }

    /** Lets the workers end when they have done their units. To be called at the end, also after a failure. */
    void close() {
        lock.lock();
        try {
            closed = true;
            work.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- for units

    /** Returns the maximum number of threads that do units. */
    int threads() {
        return maxWorkers + 1;
    }

    /** Adds a unit that others may do; starts no worker for it. */
    void offer(Unit unit) {
        lock.lock();
        try {
            ready.add(unit);
            pending++;
            work.signal();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a condition holds. It must be one for which no unit has to be done that nobody does.
     *
     * @param condition evaluated under the queue's lock
     */
    void await(BooleanSupplier condition) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!condition.getAsBoolean()) {
                requireRunning();
                progress.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes a change that a condition depends on. */
    void update(Runnable change) {
        lock.lock();
        try {
            change.run();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run(Unit unit, Scratch scratch) throws IOException, InterruptedException {
        requireRunning();
        unit.run(scratch);
        update(() -> pending--);
    }

    /** Throws a {@link StoppedException} if the transfer has stopped. */
    void requireRunning() {
        requireRunning(context);
    }

    /** Throws a {@link StoppedException} if a transfer has stopped. */
    static void requireRunning(TransferContext context) {
        if (context.isStopped()) {
            throw new StoppedException();
        }
    }

    private void runWorker() throws IOException, InterruptedException {
        Scratch kept = spare.poll();
        Scratch scratch = kept != null ? kept : new Scratch(hash);
        boolean nested = Thread.currentThread() == owner;
        try {
            for (Unit unit = take(!nested); unit != null; unit = take(!nested)) {
                run(unit, scratch);
            }
            spare.add(scratch);
        } catch (StoppedException e) {
            return; // the reason is known already
        } finally {
            lock.lock();
            try {
                workers--;
            } finally {
                lock.unlock();
            }
        }
    }

    private @Nullable Unit take(boolean wait) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (wait && ready.isEmpty() && !closed) {
                idle++;
                try {
                    work.await();
                } finally {
                    idle--;
                }
            }
            return ready.poll();
        } finally {
            lock.unlock();
        }
    }
}
