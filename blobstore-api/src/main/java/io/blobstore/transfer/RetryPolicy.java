package io.blobstore.transfer;

import io.blobstore.BlobStoreException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * How often, and after how long, a request that failed is tried again.
 *
 * <p>Exponential backoff with full jitter: before try n + 1 a random time between 0 and {@code baseDelay * 2^(n-1)}, at
 * most {@code maxDelay}; see M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). Where the
 * store says how long to wait, that is the least. Only failures that say so themselves are retried:
 * {@link BlobStoreException#isRetryable()}.
 *
 * @param maxAttempts tries in all, 1 or more; 1 means no retry
 * @param baseDelay the first try's longest delay
 * @param maxDelay the longest delay of any
 * @param maxRetryAfter the longest wait that a store may ask for; asked for more, the transfer fails at once
 */
public record RetryPolicy(int maxAttempts, Duration baseDelay, Duration maxDelay, Duration maxRetryAfter) {
    /** 5 tries, 100 ms doubling up to 10 s, and up to 2 minutes if the store asks for it. */
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(5, Duration.ofMillis(100), Duration.ofSeconds(10), Duration.ofMinutes(2));

    /** One try. */
    public static final RetryPolicy NEVER = new RetryPolicy(1, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    /** Refuses fewer than 1 try, and negative durations. */
    public RetryPolicy {
        if (maxAttempts < 1 || baseDelay.isNegative() || maxDelay.isNegative() || maxRetryAfter.isNegative()) {
            throw new IllegalArgumentException("a retry policy needs 1 or more attempts and no negative duration; got "
                    + maxAttempts + ", " + baseDelay + ", " + maxDelay + ", " + maxRetryAfter);
        }
    }

    /** The same, with another number of tries. */
    public RetryPolicy withMaxAttempts(int attempts) {
        return new RetryPolicy(attempts, baseDelay, maxDelay, maxRetryAfter);
    }

    /**
     * How long to wait before the next try; empty if there is to be none.
     *
     * @param failure what the try failed with
     * @param attempt the number of that try, from 1
     */
    Optional<Duration> delayAfter(Throwable failure, int attempt, RandomGenerator random) {
        if (attempt >= maxAttempts || !(failure instanceof BlobStoreException problem) || !problem.isRetryable()) {
            return Optional.empty();
        }
        Duration asked = problem.retryAfter().orElse(Duration.ZERO);
        if (asked.compareTo(maxRetryAfter) > 0) {
            return Optional.empty();
        }
        Duration jittered = Duration.ofNanos(random.nextLong(longestDelayAfter(attempt) + 1));
        return Optional.of(asked.compareTo(jittered) > 0 ? asked : jittered);
    }

    /** In nanoseconds; below {@link Long#MAX_VALUE}, whatever the durations. */
    private long longestDelayAfter(int attempt) {
        long base = TimeUnit.NANOSECONDS.convert(baseDelay); // no overflow: it stops at the largest number
        long longest = Math.min(TimeUnit.NANOSECONDS.convert(maxDelay), Long.MAX_VALUE - 1);
        int doublings = attempt - 1;
        boolean overflows = base != 0 && doublings >= Long.numberOfLeadingZeros(base);
        return overflows ? longest : Math.min(longest, base << doublings);
    }
}
