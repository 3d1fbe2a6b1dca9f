package io.blobstore.gcs.grpc;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a pool that no read uses, bounded in number and time. A thread ends those whose time is over; it runs
 * only while there are any. All methods require the pool's lock.
 */
final class IdleSessions {
    private final ReentrantLock lock;
    private final Condition changed;
    private final int most;
    private final long longestNanos;
    private final Consumer<PooledSession> remover;

    /** The one that has been idle longest is first. */
    private final Set<PooledSession> idle = new LinkedHashSet<>();

    private boolean closed;
    private @Nullable Thread reaper;

    /**
     * Creates an empty set.
     *
     * @param remover removes a session from the pool, and from this set; called with the lock
     */
    IdleSessions(ReentrantLock lock, int most, Duration longest, Consumer<PooledSession> remover) {
        this.lock = lock;
        this.changed = lock.newCondition();
        this.most = most;
        this.longestNanos = longest.toNanos();
        this.remover = remover;
    }

    /** Adds a session whose last user has left. */
    void add(PooledSession session) {
        session.idleSince = System.nanoTime();
        idle.add(session);
        if (idle.size() > most) {
            remover.accept(idle.iterator().next());
        }
        if (reaper == null) {
            reaper = new Thread(this::reap, "blobstore-gcs-sessions");
            reaper.setDaemon(true);
            reaper.start();
        }
    }

    /** Forgets a session that is used again, or was removed. */
    void remove(PooledSession session) {
        idle.remove(session);
    }

    private void reap() {
        lock.lock();
        try {
            while (!idle.isEmpty() && !closed) {
                PooledSession oldest = idle.iterator().next();
                long left = longestNanos - (System.nanoTime() - oldest.idleSince);
                if (left > 0) {
                    changed.awaitNanos(left);
                } else {
                    remover.accept(oldest);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody interrupts it; the next idle session starts another thread
        } finally {
            reaper = null;
            changed.signalAll();
            lock.unlock();
        }
    }

    /** Forgets all sessions, and lets the thread end. Idempotent. */
    void close() {
        closed = true;
        idle.clear();
        changed.signalAll();
    }

    /** Waits until the thread has ended. */
    void awaitEnd() {
        while (reaper != null) {
            changed.awaitUninterruptibly();
        }
    }
}
