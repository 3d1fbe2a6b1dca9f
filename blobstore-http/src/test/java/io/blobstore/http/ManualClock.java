package io.blobstore.http;

import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still unless a test moves it, so that no time limit depends on how busy the machine is. Tells
 * when a client has taken what was sent to it, and waits for more. Thread-safe.
 */
final class ManualClock implements TransportClock {
    /** For how long a wait may last in real time, before it is taken for one that never ends. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** For how long nothing happens, in real time, until time passes by itself. */
    private static final Duration IDLE = Duration.ofMillis(5);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Set<Selector> waiting = new HashSet<>();
    private @Nullable Selector last;
    private long now;
    private long served;
    private boolean passing;

    @Override
    public long nanoTime() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void await(Selector selector, long end) throws IOException {
        long millis;
        lock.lock();
        try {
            if (now - end >= 0) {
                return;
            }
            millis = (passing ? IDLE : PATIENCE).toMillis();
            waiting.add(selector);
            last = selector;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        long start = System.nanoTime();
        try {
            selector.select(millis);
        } finally {
            lock.lock();
            try {
                waiting.remove(selector);
                if (!selector.selectedKeys().isEmpty()) {
                    served++;
                } else if (passing && now - end < 0) {
                    now = end;
                } else if (System.nanoTime() - start > PATIENCE.toNanos()) {
                    throw new AssertionError("a client waits, and its clock stands still");
                }
            } finally {
                lock.unlock();
            }
        }
    }

    // ---- time

    /** Moves the time, for those who wait too. */
    void advance(Duration time) {
        lock.lock();
        try {
            now += time.toNanos();
            waiting.forEach(Selector::wakeup);
        } finally {
            lock.unlock();
        }
    }

    /** Lets each wait that begins, or is under way, reach its end as soon as nothing happens in it. */
    void passWhileIdle() {
        lock.lock();
        try {
            passing = true;
            waiting.forEach(Selector::wakeup);
        } finally {
            lock.unlock();
        }
    }

    /** Stops the time again. */
    void stop() {
        lock.lock();
        try {
            passing = false;
        } finally {
            lock.unlock();
        }
    }

    // ---- what a client does

    /**
     * Waits until the one client of this clock waits for its server.
     *
     * @return the state, for {@link #awaitServed(long)}
     * @throws IOException if the client is gone
     */
    long awaitWaiting() throws IOException, InterruptedException {
        return awaitServed(-1);
    }

    /**
     * Waits until the one client of this clock has met something that was ready, and waits again.
     *
     * @param before the state in which it waited before that
     * @return the new state
     * @throws IOException if the client is gone
     */
    long awaitServed(long before) throws IOException, InterruptedException {
        lock.lock();
        try {
            while (served <= before || waiting.isEmpty()) {
                if (last != null && !last.isOpen()) {
                    throw new IOException("the client is gone");
                }
                changed.await(IDLE.toNanos(), TimeUnit.NANOSECONDS); // nobody signals that a selector was closed
            }
            return served;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the one client of this clock has met nothing that was ready since then. */
    boolean isAt(long state) {
        lock.lock();
        try {
            return served == state;
        } finally {
            lock.unlock();
        }
    }
}
