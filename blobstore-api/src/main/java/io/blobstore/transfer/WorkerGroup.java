package io.blobstore.transfer;

import io.blobstore.internal.concurrent.Interrupts;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that work on one transfer: tracks the active workers, stops them, and determines the last to finish.
 *
 * <pre>
 *   WAITING ──first enters──► WORKING ──last leaves──► ENDING
 *      └────────────────cancel────────────────────────────▲
 * </pre>
 *
 * <p>A worker is active from {@link #enter} to {@link #leave}. ENDING is entered once, when no worker is active, and
 * never left: later arrivals are refused. So a thread to which {@link #leave} (or {@link #cancel}) reports that it must
 * end the transfer may rely on no thread being inside a call of the store.
 *
 * <p>A failure and a cancellation both make {@link #isStopped()} true, and interrupt the active workers. Interrupts are
 * sent under {@link #lock} to workers that are still active, and a worker clears its interrupt when it leaves, under
 * the same lock: no interrupt reaches the executor's other tasks. An interrupt from elsewhere, for example from an
 * executor that is shut down, cancels the transfer, and stays set.
 *
 * <p>In ENDING, a cancellation is too late, except while the ending thread {@linkplain #pause pauses}.
 */
final class WorkerGroup {
    private enum Phase {
        WAITING,
        WORKING,
        ENDING
    }

    /** The result of {@link #cancel}. */
    enum Cancellation {
        /** The outcome was already decided. */
        TOO_LATE,
        /** The active workers will stop, and the last of them ends the transfer. */
        STOPPING,
        /** No worker has started, and none will: the caller must end the transfer. */
        NEVER_BEGUN
    }

    /** A thread that may be inside a call of the store, or something else that keeps the transfer from ending. */
    static final class Worker {
        /** The thread to be interrupted; null if there is none. */
        private final @Nullable Thread thread;

        private boolean interruptedByUs;
        private boolean interruptedByOthers;

        private Worker(@Nullable Thread thread) {
            this.thread = thread;
        }
    }

    /** Held for a few instructions, never during a call to other classes. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Set<Worker> active = new HashSet<>();
    private Phase phase = Phase.WAITING;
    private boolean cancelled;
    private @Nullable Throwable failure;
    /** The failure caused by an interrupt from elsewhere: the reason for the cancellation. */
    private @Nullable Throwable interruption;
    /** The thread that ends the transfer, while it pauses. */
    private @Nullable Thread paused;

    /** Registers this thread as a worker; returns empty if the transfer has stopped or ended. */
    Optional<Worker> enter() {
        return enter(Thread.currentThread());
    }

    /** Registers a worker that is no thread, and that nobody interrupts; any thread may make it leave. */
    Optional<Worker> enterWithoutThread() {
        return enter(null);
    }

    private Optional<Worker> enter(@Nullable Thread thread) {
        lock.lock();
        try {
            if (phase == Phase.WAITING) {
                phase = Phase.WORKING;
            }
            if (phase != Phase.WORKING || stopped()) {
                return Optional.empty();
            }
            Worker worker = new Worker(thread);
            active.add(worker);
            return Optional.of(worker);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Removes a worker that has finished or was stopped.
     *
     * @return true if it was the last worker, which must end the transfer
     */
    boolean leave(Worker worker) {
        lock.lock();
        try {
            active.remove(worker);
            if (isInterruptPending(worker.thread)) {
                interrupt(worker); // the interrupt was for the worker in which this one is nested, too
            } else if (worker.interruptedByUs && !worker.interruptedByOthers) {
                Thread.interrupted();
            }
            if (phase != Phase.WORKING || !active.isEmpty()) {
                return false;
            }
            phase = Phase.ENDING;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether an active worker of a thread was interrupted. Requires the lock. */
    private boolean isInterruptPending(@Nullable Thread thread) {
        return thread != null && active.stream().anyMatch(other -> other.thread == thread && other.interruptedByUs);
    }

    /** Returns whether no more work may start. */
    boolean isStopped() {
        lock.lock();
        try {
            return stopped();
        } finally {
            lock.unlock();
        }
    }

    /** Records a worker's failure, and stops the others. Later failures are suppressed in the first. */
    void stop(Worker worker, Throwable problem) {
        lock.lock();
        try {
            boolean interrupted = Interrupts.caused(problem);
            if (interrupted && !worker.interruptedByUs) {
                cancelled = true;
                interruption = problem;
                worker.interruptedByOthers = true;
                interrupt(worker);
            } else if (!stopped()) {
                failure = problem;
            } else if (failure != null && failure != problem && !interrupted) {
                failure.addSuppressed(problem);
            }
            interruptActive(worker);
        } finally {
            lock.unlock();
        }
    }

    /** Stops the workers, unless the outcome is decided because a worker failed or the last one has left. */
    Cancellation cancel() {
        lock.lock();
        try {
            if (failure != null || (phase == Phase.ENDING && paused == null)) {
                return Cancellation.TOO_LATE;
            }
            cancelled = true;
            if (paused != null) {
                paused.interrupt();
                return Cancellation.STOPPING;
            }
            interruptActive(null);
            if (phase != Phase.WAITING) {
                return Cancellation.STOPPING;
            }
            phase = Phase.ENDING;
            return Cancellation.NEVER_BEGUN;
        } finally {
            lock.unlock();
        }
    }

    /** A wait that an interrupt ends. */
    interface Pause {
        void run() throws InterruptedException;
    }

    /**
     * Waits in ENDING. The transfer may be cancelled meanwhile, because nothing was made visible yet.
     *
     * @throws CancellationException if it was cancelled
     */
    void pause(String what, Pause pause) throws InterruptedException {
        setPaused(Thread.currentThread());
        try {
            pause.run();
        } catch (InterruptedException e) {
            if (!isStopped()) {
                throw e;
            }
        } finally {
            setPaused(null);
        }
        if (isStopped()) {
            Thread.interrupted(); // by the cancellation
            throw cancellation(what, null);
        }
    }

    private void setPaused(@Nullable Thread thread) {
        lock.lock();
        try {
            paused = thread;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the first failure or a {@link CancellationException}; empty if the workers were not stopped. */
    Optional<Throwable> problem(String what) {
        lock.lock();
        try {
            if (failure != null) {
                return Optional.of(failure);
            }
            return cancelled ? Optional.of(cancellation(what, interruption)) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Returns an exception for a cancellation, caused by an interrupt if there was one. */
    static CancellationException cancellation(String what, @Nullable Throwable interrupt) {
        CancellationException cancellation = new CancellationException(
                what + " was cancelled" + (interrupt == null ? "" : ": its thread was interrupted"));
        if (interrupt != null) {
            cancellation.initCause(interrupt);
        }
        return cancellation;
    }

    /** Returns whether a worker failed or the transfer was cancelled. Requires the lock. */
    private boolean stopped() {
        return cancelled || failure != null;
    }

    /**
     * Interrupts the active workers, except those of one worker's thread, because an executor that runs tasks in the
     * caller nests workers. Requires the lock.
     */
    private void interruptActive(@Nullable Worker except) {
        for (Worker worker : active) {
            boolean excepted = except != null && worker.thread == except.thread;
            if (worker.thread != null && !excepted && !worker.interruptedByUs) {
                worker.interruptedByUs = true;
                interrupt(worker);
            }
        }
    }

    private static void interrupt(Worker worker) {
        if (worker.thread != null) {
            worker.thread.interrupt();
        }
    }
}
