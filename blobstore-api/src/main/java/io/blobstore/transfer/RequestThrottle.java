package io.blobstore.transfer;

import io.blobstore.ThrottledException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * Slows down the requests of one transfer, or of one reader, while the store throttles them. Thread-safe.
 *
 * <ul>
 *   <li><b>One delay for all.</b> After a refusal no request is sent for a time: exponential backoff with full jitter,
 *       by {@link RetryPolicy}, or longer if the store demands it.
 *   <li><b>Fewer requests in flight.</b> Their number is halved by a refusal, and increased by one when as many
 *       requests as may be in flight have succeeded (additive increase, multiplicative decrease, as in RFC 5681).
 *       Without refusals there is no limit other than the number of workers.
 * </ul>
 *
 * <p>Only a refusal of a request that was sent after the last delay had begun doubles the delay and halves the limit:
 * requests that are refused together are one sign of the same load.
 *
 * <p>Waiting for a delay uses the clock. Waiting for a permit ends when another thread returns its own, which it holds
 * only during a request. An interrupt ends both.
 */
final class RequestThrottle {
    private static final int UNLIMITED = Integer.MAX_VALUE;

    /** Keeps sums of times from overflowing: 73 years. */
    private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

    private final RetryPolicy policy;
    private final int concurrency;
    private final TransferClock clock;
    private final RandomGenerator random;

    /** Held for a few instructions. Fair, so that waiting workers take turns. */
    private final ReentrantLock lock = new ReentrantLock(true);

    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private int inFlight;
    private int limit = UNLIMITED;
    /** The limit from which on there is none again: the number of requests in flight without throttling. */
    private int full;
    /** Successes since the limit has changed. */
    private int successes;
    /** The number of delays so far: tells whether a request was sent before or after the last one. */
    private long delays;
    /** The number of delays since a request that was sent after one has succeeded. */
    private int consecutiveDelays;

    private long notBefore;
    /** The number of refusals since the last success. */
    private long refusals;

    private long firstRefusal;

    /**
     * Creates a throttle that limits nothing yet.
     *
     * @param concurrency the number of requests that are usually in flight
     */
    RequestThrottle(RetryPolicy policy, int concurrency, TransferClock clock, RandomGenerator random) {
        this.policy = policy;
        this.concurrency = concurrency;
        this.full = concurrency;
        this.clock = clock;
        this.random = random;
        this.notBefore = clock.nanoTime();
    }

    /** The permission to have one request in flight, to be closed when it has ended. For one thread. */
    final class Permit implements AutoCloseable {
        private final long sentAfter = delays;

        private Permit() {
            inFlight++;
        }

        /** Records that the request succeeded. */
        void succeeded() {
            lock.lock();
            try {
                refusals = 0;
                if (limit == UNLIMITED || sentAfter < delays) {
                    return; // a request from before the last delay does not show that the store accepts more
                }
                consecutiveDelays = 0;
                if (++successes >= limit) {
                    setLimit(limit + 1 < full ? limit + 1 : UNLIMITED);
                }
            } finally {
                lock.unlock();
            }
        }

        /**
         * Records that the store refused the request.
         *
         * @return the time until the next request, which {@link #acquire} waits for
         * @throws ThrottledException if the request must not be repeated
         */
        Duration refused(ThrottledException problem) throws ThrottledException {
            Duration demanded = problem.retryAfter().orElse(Duration.ZERO);
            lock.lock();
            try {
                long now = clock.nanoTime();
                firstRefusal = refusals == 0 ? now : firstRefusal;
                refusals++;
                long left = TimeUnit.NANOSECONDS.convert(policy.throttlingTimeout()) - (now - firstRefusal);
                if (left <= 0 || demanded.compareTo(policy.maxRetryAfter()) > 0) {
                    throw now == firstRefusal ? problem : problem.after(Duration.ofNanos(now - firstRefusal), refusals);
                }
                long wait = Math.min(TimeUnit.NANOSECONDS.convert(demanded), LONGEST_NANOS);
                if (sentAfter == delays) {
                    wait = Math.max(wait, Math.min(backOff(), left)); // the last attempt is at the timeout
                }
                if (now + wait - notBefore > 0) {
                    notBefore = now + wait;
                }
                return Duration.ofNanos(Math.max(0, notBefore - now));
            } finally {
                lock.unlock();
            }
        }

        /** Returns the permission. */
        @Override
        public void close() {
            lock.lock();
            try {
                inFlight--;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Begins a delay, and returns its random duration in nanoseconds. Requires the lock. */
    private long backOff() {
        delays++;
        consecutiveDelays++;
        full = Math.max(full, inFlight); // a reader may have any number of threads
        setLimit(Math.max(1, Math.min(limit, full) / 2));
        return Math.min(policy.throttlingDelay(consecutiveDelays, random).toNanos(), LONGEST_NANOS);
    }

    /** Requires the lock. */
    private void setLimit(int requests) {
        limit = requests;
        successes = 0;
        if (limit == UNLIMITED) {
            full = concurrency;
        }
        changed.signalAll();
    }

    // ---- sending

    /** Forgets since when the store throttles, as no request was repeated meanwhile: the next one has all the time. */
    void restart() {
        lock.lock();
        try {
            refusals = 0;
            consecutiveDelays = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until a request may be sent. */
    Permit acquire() throws InterruptedException {
        while (true) {
            long left;
            lock.lock();
            try {
                left = notBefore - clock.nanoTime();
                while (left <= 0) {
                    if (inFlight < limit) {
                        return new Permit();
                    }
                    changed.await();
                    left = notBefore - clock.nanoTime();
                }
            } finally {
                lock.unlock();
            }
            clock.sleep(Duration.ofNanos(left));
        }
    }

    /** Returns a permit for a request that is sent only to be faster; empty while the number of requests is limited. */
    Optional<Permit> acquireUnlessThrottled() {
        lock.lock();
        try {
            return limit == UNLIMITED ? Optional.of(new Permit()) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    // ---- progress

    /** Returns how many requests may be in flight, as far as the store's throttling limits them. */
    int limit() {
        lock.lock();
        try {
            return Math.min(limit, full);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the time until the next request may be sent; empty if the store's throttling does not delay it. */
    Optional<Duration> delay() {
        lock.lock();
        try {
            long left = notBefore - clock.nanoTime();
            return left > 0 ? Optional.of(Duration.ofNanos(left)) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }
}
