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
 * A clock that only a test advances, so that no time limit depends on the machine's load. Reports when a client has
 * read what was sent to it, and waits for more. Thread-safe.
 */
public final class ManualClock implements TransportClock {
    /** The maximum real time of a wait; a longer one counts as a hang. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** The real time without an event after which time passes in {@link #passWhileIdle}. */
    private static final Duration IDLE = Duration.ofMillis(5);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private final Set<Selector> waiting = new HashSet<>();
    private @Nullable Selector last;
    private long now;
    private long served;
    private boolean passing;

    /** Creates a clock at the time 0. */
    public ManualClock() {}

    /** Makes a client measure its time limits by this clock. */
    public void measure(HttpClient.Builder client) {
        client.clock(this);
    }

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
                    throw new AssertionError("a client waits, and nothing advances its clock");
                }
            } finally {
                lock.unlock();
            }
        }
    }

    // ---- time

    /** Advances the time, also for running waits. */
    public void advance(Duration time) {
        lock.lock();
        try {
            now += time.toNanos();
            waiting.forEach(Selector::wakeup);
        } finally {
            lock.unlock();
        }
    }

    /** Makes each wait, running or future, reach its end as soon as no event occurs during it. */
    public void passWhileIdle() {
        lock.lock();
        try {
            passing = true;
            waiting.forEach(Selector::wakeup);
        } finally {
            lock.unlock();
        }
    }

    /** Ends {@link #passWhileIdle}. */
    public void stop() {
        lock.lock();
        try {
            passing = false;
        } finally {
            lock.unlock();
        }
    }

    // ---- what a client does

    /**
     * Blocks until the only client of this clock waits for its server.
     *
     * @return the state, for {@link #awaitServed(long)}
     * @throws IOException if the client has closed its socket
     */
    public long awaitWaiting() throws IOException, InterruptedException {
        return awaitServed(-1);
    }

    /**
     * Blocks until the only client of this clock has handled an event, and waits again.
     *
     * @param before the state of its previous wait
     * @return the new state
     * @throws IOException if the client has closed its socket
     */
    public long awaitServed(long before) throws IOException, InterruptedException {
        lock.lock();
        try {
            while (served <= before || waiting.isEmpty()) {
                if (last != null && !last.isOpen()) {
                    throw new IOException("the client is gone");
                }
                changed.await(IDLE.toNanos(), TimeUnit.NANOSECONDS); // the close of a selector is not signalled
            }
            return served;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the only client of this clock has handled no event since it was in a state. */
    public boolean isAt(long state) {
        lock.lock();
        try {
            return served == state;
        } finally {
            lock.unlock();
        }
    }
}
