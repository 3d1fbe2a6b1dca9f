package io.blobstore.transfer;

import io.blobstore.internal.concurrent.Interrupts;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that work on one transfer: who is inside, whether they shall stop, and who of them is the last.
 *
 * <pre>
 *   WAITING ──first enters──► WORKING ──last leaves──► ENDING
 *      └────────────────cancel────────────────────────────▲
 * </pre>
 *
 * <p>A worker is counted from {@link #enter} to {@link #leave}. ENDING is entered once, when nobody is counted, and
 * never left: who arrives later is turned away. So whoever is told by {@link #leave} (or by {@link #cancel}) that he
 * must end the transfer may rely on nobody being inside a call of the store.
 *
 * <p>A failure and a cancellation both make {@link #isStopped()} true, and interrupt the workers inside. Interrupts are
 * sent under {@link #lock} to workers that are still counted, and a worker clears its own when it leaves, under the
 * same lock: none escapes into the executor's other tasks. An interrupt that comes from elsewhere, as from an executor
 * that is shut down, cancels the transfer, and is left to its thread.
 */
final class WorkerGroup {
    private enum Phase {
        WAITING,
        WORKING,
        ENDING
    }

    /** What {@link #cancel} did. */
    enum Cancellation {
        /** Nothing, as the outcome is decided. */
        TOO_LATE,
        /** The workers inside will stop, and the last of them ends the transfer. */
        STOPPING,
        /** Nobody has begun, and nobody will: the caller must end the transfer. */
        NEVER_BEGUN
    }

    /** A thread that may be inside a call of the store. */
    static final class Worker {
        private final Thread thread = Thread.currentThread();
        private boolean interruptedByUs;
        private boolean interruptedByOthers;

        private Worker() {}
    }

    /** Held for a few instructions, never over a call to anything else. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Set<Worker> inside = new HashSet<>();
    private Phase phase = Phase.WAITING;
    private boolean cancelled;
    private @Nullable Throwable failure;
    /** What an interrupt that was not ours made of a request: the reason of the cancellation. */
    private @Nullable Throwable interruption;

    /** Counts this thread in; empty if the transfer has no use for it any more. */
    Optional<Worker> enter() {
        lock.lock();
        try {
            if (phase == Phase.WAITING) {
                phase = Phase.WORKING;
            }
            if (phase != Phase.WORKING || stopped()) {
                return Optional.empty();
            }
            Worker worker = new Worker();
            inside.add(worker);
            return Optional.of(worker);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Counts a worker out, who leaves when there is no work any more, or when he is to stop.
     *
     * @return true if it was the last one, and must end the transfer
     */
    boolean leave(Worker worker) {
        lock.lock();
        try {
            inside.remove(worker);
            if (worker.interruptedByUs && !worker.interruptedByOthers) {
                Thread.interrupted();
            }
            if (phase != Phase.WORKING || !inside.isEmpty()) {
                return false;
            }
            phase = Phase.ENDING;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether no more work shall begin. */
    boolean isStopped() {
        lock.lock();
        try {
            return stopped();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes note of what a worker met, and stops the others. The first failure counts, later ones are suppressed in it.
     */
    void stop(Worker worker, Throwable problem) {
        lock.lock();
        try {
            boolean interrupted = Interrupts.caused(problem);
            if (interrupted && !worker.interruptedByUs) {
                cancelled = true;
                interruption = problem;
                worker.interruptedByOthers = true;
                worker.thread.interrupt();
            } else if (!stopped()) {
                failure = problem;
            } else if (failure != null && failure != problem && !interrupted) {
                failure.addSuppressed(problem);
            }
            interruptInside(worker);
        } finally {
            lock.unlock();
        }
    }

    /** Stops the workers, unless the outcome is decided: a worker failed, or the last one has left. */
    Cancellation cancel() {
        lock.lock();
        try {
            if (phase == Phase.ENDING || failure != null) {
                return Cancellation.TOO_LATE;
            }
            cancelled = true;
            interruptInside(null);
            if (phase != Phase.WAITING) {
                return Cancellation.STOPPING;
            }
            phase = Phase.ENDING;
            return Cancellation.NEVER_BEGUN;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What the workers were stopped by: the first failure, or a {@link CancellationException}; empty if they were not.
     */
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

    /** That something was cancelled, by an interrupt if there was one. */
    static CancellationException cancellation(String what, @Nullable Throwable interrupt) {
        CancellationException cancellation = new CancellationException(
                what + " was cancelled" + (interrupt == null ? "" : ": its thread was interrupted"));
        if (interrupt != null) {
            cancellation.initCause(interrupt);
        }
        return cancellation;
    }

    /** Under lock. */
    private boolean stopped() {
        return cancelled || failure != null;
    }

    /** Under lock. Spares the thread of one worker: an executor that runs tasks in the caller nests workers. */
    private void interruptInside(@Nullable Worker except) {
        for (Worker worker : inside) {
            if ((except == null || worker.thread != except.thread) && !worker.interruptedByUs) {
                worker.interruptedByUs = true;
                worker.thread.interrupt();
            }
        }
    }
}
