package io.blobstore.http.objects;

import io.blobstore.BlobStoreException;
import io.blobstore.ThrottledException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * How often, and after which delay, a request without content is sent again. This is the only layer that repeats such
 * requests: the SDKs' own retries are off, and transfers do not repeat what a store has
 * {@linkplain BlobStoreException#attempts() repeated}. Requests with content are repeated by transfers only.
 *
 * <p>Exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015),
 * by two schedules, for failures that are {@linkplain BlobStoreException#isRetryable() retryable}:
 *
 * <ul>
 *   <li>There are up to {@code maxAttempts} attempts, with delays of up to 100 ms, doubled each time, up to 10 s. A
 *       request that the server did not answer in time is repeated only once.
 *   <li>A request that the server {@linkplain ThrottledException throttles} is repeated for longer: with delays of up
 *       to 1 s, doubled each time, up to 20 s. That takes 2 minutes in all, and a dozen attempts on average.
 * </ul>
 *
 * <p>A delay that the server demands is the minimum. No attempt begins later than 2 minutes after the first. Immutable
 * and thread-safe.
 */
public final class Retries {
    /** The number of attempts by default, as for transfers. */
    public static final int DEFAULT_ATTEMPTS = 5;

    /** The maximum number of attempts that may be set. */
    public static final int MAX_ATTEMPTS = 100;

    private static final Duration TOTAL = Duration.ofMinutes(2);
    private static final Backoff ORDINARY = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10));
    private static final Backoff THROTTLED = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(20));

    /** Bounds the attempts if many random delays are short. */
    private static final int MAX_THROTTLED = 24;

    /** How often a request is sent if the server does not answer in time. */
    private static final int MAX_UNANSWERED = 2;

    /**
     * The time after which a lost connection means that the server was at work, and may still be. A connection that was
     * closed while idle, or by a server that restarts, is noticed at once.
     */
    private static final Duration PROMPT = Duration.ofSeconds(5);

    private final int maxAttempts;
    private final RetryClock clock;
    private final boolean patient;

    /**
     * Creates a policy.
     *
     * @param maxAttempts the number of attempts, the first one included; 1 means no retry, of throttled requests either
     * @throws IllegalArgumentException if it is not between 1 and {@value #MAX_ATTEMPTS}
     */
    public Retries(int maxAttempts, RetryClock clock) {
        this(maxAttempts, clock, true);
    }

    private Retries(int maxAttempts, RetryClock clock, boolean patient) {
        if (maxAttempts < 1 || maxAttempts > MAX_ATTEMPTS) {
            throw new IllegalArgumentException(
                    "maxAttempts is from 1 to " + MAX_ATTEMPTS + "; got " + maxAttempts + "; 1 means no retry");
        }
        this.maxAttempts = maxAttempts;
        this.clock = clock;
        this.patient = patient;
    }

    /**
     * Returns a policy for requests within another one that is repeated: throttling has no schedule of its own, so that
     * the times do not multiply.
     */
    Retries brief() {
        return new Retries(maxAttempts, clock, false);
    }

    /** Returns a policy like {@link #brief()} with another number of attempts. */
    Retries brief(int attempts) {
        return new Retries(attempts, clock, false);
    }

    /** Begins the first attempt of a request. */
    Attempts begin() {
        return new Attempts();
    }

    /** Exponential backoff with full jitter. */
    private record Backoff(Duration base, Duration max) {
        Duration delayAfter(int attempt) {
            long longest = base.toNanos() << Math.min(attempt - 1, 20);
            return Duration.ofNanos(ThreadLocalRandom.current().nextLong(Math.min(longest, max.toNanos()) + 1));
        }
    }

    /** The attempts of one request. Not thread-safe. */
    public final class Attempts {
        private long begun = clock.nanoTime();
        private long sent = begun;
        private int ordinary;
        private int unanswered;
        private int throttled;

        private Attempts() {}

        /** Starts counting again, as the work that takes several requests has made progress. */
        public void restart() {
            begun = clock.nanoTime();
            sent = begun;
            ordinary = 0;
            unanswered = 0;
            throttled = 0;
        }

        /**
         * Returns whether the server may still be at work on the request, which must not be repeated then: it has not
         * answered in time, or the connection was lost, or a gateway gave up, after a time.
         */
        boolean mayBeUnderWay(ErrorTranslator errors, BlobStoreException problem) {
            if (ErrorTranslator.isTimeout(problem)) {
                return true;
            }
            return errors.isUnanswered(problem) && clock.nanoTime() - sent >= PROMPT.toNanos();
        }

        /**
         * Waits for the next attempt after a failure.
         *
         * @return false if the failure is final; then it has the number of attempts
         * @throws InterruptedException if the thread is interrupted
         */
        boolean next(BlobStoreException problem) throws InterruptedException {
            boolean throttle = patient && problem instanceof ThrottledException;
            int count = throttle ? ++throttled : ++ordinary;
            unanswered += ErrorTranslator.isTimeout(problem) ? 1 : 0;
            Duration delay = (throttle ? THROTTLED : ORDINARY).delayAfter(count);
            Duration demanded = problem.retryAfter().orElse(Duration.ZERO);
            delay = demanded.compareTo(delay) > 0 ? demanded : delay;
            boolean again = problem.isRetryable()
                    && maxAttempts > 1
                    && throttled < MAX_THROTTLED
                    && ordinary < maxAttempts
                    && unanswered < MAX_UNANSWERED
                    && clock.nanoTime() - begun + TimeUnit.NANOSECONDS.convert(delay) < TOTAL.toNanos();
            if (!again) {
                problem.setAttempts(ordinary + throttled);
                return false;
            }
            RequestScope.retried(problem, delay);
            clock.sleep(delay);
            sent = clock.nanoTime();
            return true;
        }
    }
}
