package io.blobstore.server.internal.remote;

import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells when a remote cache is to be left alone: after several failures in a row, only one request at a time may try,
 * after a pause, until one succeeds.
 *
 * <pre>
 * CLOSED ──5 failures──► OPEN ──pause over──► one request tries ──success──► CLOSED
 *                          ▲                        └── failure ──┐
 *                          └──────────────────────────────────────┘
 * </pre>
 *
 * <p>Thread-safe.
 */
final class Circuit {
    static final int FAILURES = 5;

    private final long pause;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private int failures;
    private long retryAt;

    Circuit(Duration pause) {
        this.pause = pause.toNanos();
    }

    /** Returns whether a request may be sent now. Its outcome has to be reported. */
    boolean allows() {
        lock.lock();
        try {
            if (failures < FAILURES) {
                return true;
            }
            long now = System.nanoTime();
            if (now - retryAt < 0) {
                return false;
            }
            retryAt = now + pause;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether requests are not sent. */
    boolean isOpen() {
        lock.lock();
        try {
            return failures >= FAILURES;
        } finally {
            lock.unlock();
        }
    }

    void succeeded() {
        lock.lock();
        try {
            failures = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Notes a failure. Returns whether it is the one that opens the circuit. */
    boolean failed() {
        lock.lock();
        try {
            failures = Math.min(failures + 1, FAILURES + 1);
            retryAt = System.nanoTime() + pause;
            return failures == FAILURES;
        } finally {
            lock.unlock();
        }
    }
}
