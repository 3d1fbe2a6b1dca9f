package io.blobstore.transfer;

import io.blobstore.BlobStoreException;
import io.blobstore.ThrottledException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How often, and after which delay, a failed request is attempted again.
 *
 * <p>Exponential backoff with full jitter: before attempt n + 1, a random delay between 0 and {@code baseDelay *
 * 2^(n-1)}, at most {@code maxDelay}; see M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015). A
 * delay that the store demands is the minimum. Only failures that are {@linkplain BlobStoreException#isRetryable()
 * retryable} are attempted again, and that the store has not attempted {@linkplain BlobStoreException#attempts()
 * repeatedly} by itself.
 *
 * <p><b>Throttling</b> has a schedule of its own: a store that rejects requests because of its load
 * ({@link ThrottledException}) needs minutes rather than attempts. The delays grow in the same way, up to
 * {@code throttlingMaxDelay}, and apply to all requests of the transfer, or of the {@link BlobReader}. It fails if no
 * request has succeeded for {@code throttlingTimeout}. Throttled requests do not count as attempts. Meanwhile fewer
 * requests are in flight: each delay halves their number, and successes increase it again, one by one.
 *
 * <p>Immutable.
 */
public final class RetryPolicy {
    /**
     * Makes 5 attempts, with delays from 100 ms up to 10 s, or up to 2 minutes if the store demands it. Throttled
     * requests are repeated for 2 minutes, with delays up to 20 s, the longest ones of the AWS SDK.
     */
    public static final RetryPolicy DEFAULT = new Builder().build();

    /** Makes one attempt, of throttled requests too. */
    public static final RetryPolicy NEVER = builder()
            .maxAttempts(1)
            .baseDelay(Duration.ZERO)
            .maxDelay(Duration.ZERO)
            .maxRetryAfter(Duration.ZERO)
            .throttlingMaxDelay(Duration.ZERO)
            .throttlingTimeout(Duration.ZERO)
            .build();

    private final int maxAttempts;
    private final Duration baseDelay;
    private final Duration maxDelay;
    private final Duration maxRetryAfter;
    private final Duration throttlingMaxDelay;
    private final Duration throttlingTimeout;

    private RetryPolicy(Builder builder) {
        maxAttempts = builder.maxAttempts;
        baseDelay = builder.baseDelay;
        maxDelay = builder.maxDelay;
        maxRetryAfter = builder.maxRetryAfter;
        throttlingMaxDelay = builder.throttlingMaxDelay;
        throttlingTimeout = builder.throttlingTimeout;
        if (maxAttempts < 1
                || Stream.of(baseDelay, maxDelay, maxRetryAfter, throttlingMaxDelay, throttlingTimeout)
                        .anyMatch(Duration::isNegative)) {
            throw new IllegalArgumentException(
                    "a retry policy needs 1 or more attempts and no negative duration; got " + this);
        }
    }

    /** Returns a builder with every option at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these options. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the number of attempts, the first one included, and those that were throttled excluded. */
    public int maxAttempts() {
        return maxAttempts;
    }

    /** Returns the longest delay before the second attempt. */
    public Duration baseDelay() {
        return baseDelay;
    }

    /** Returns the longest delay before any attempt. */
    public Duration maxDelay() {
        return maxDelay;
    }

    /** Returns the longest delay that a store may demand. */
    public Duration maxRetryAfter() {
        return maxRetryAfter;
    }

    /** Returns the longest delay before any request to a store that throttles. */
    public Duration throttlingMaxDelay() {
        return throttlingMaxDelay;
    }

    /** Returns how long a store may throttle all requests until the transfer fails. */
    public Duration throttlingTimeout() {
        return throttlingTimeout;
    }

    /**
     * Returns how long to wait before the next attempt; empty if the failure is final. Not for throttled requests.
     *
     * @param failure the failure of the attempt
     * @param attempt the number of that attempt, from 1
     */
    Optional<Duration> delayAfter(Throwable failure, int attempt, RandomGenerator random) {
        if (attempt >= maxAttempts || !(failure instanceof BlobStoreException problem) || !problem.isRetryable()) {
            return Optional.empty();
        }
        if (problem.attempts() > 1) { // otherwise two layers would multiply their attempts
            return Optional.empty();
        }
        Duration demanded = problem.retryAfter().orElse(Duration.ZERO);
        if (demanded.compareTo(maxRetryAfter) > 0) {
            return Optional.empty();
        }
        Duration jittered = jittered(attempt, maxDelay, random);
        return Optional.of(demanded.compareTo(jittered) > 0 ? demanded : jittered);
    }

    /**
     * Returns how long no request shall be sent to a store that throttles, if it demands no longer delay.
     *
     * @param delays the number of such delays since a request succeeded, this one included
     */
    Duration throttlingDelay(int delays, RandomGenerator random) {
        return jittered(delays, throttlingMaxDelay, random);
    }

    private Duration jittered(int attempt, Duration max, RandomGenerator random) {
        return Duration.ofNanos(random.nextLong(longestDelayAfter(attempt, max) + 1));
    }

    /**
     * Returns the longest delay after an attempt in nanoseconds, less than {@link Long#MAX_VALUE} for all durations.
     */
    private long longestDelayAfter(int attempt, Duration max) {
        long base = TimeUnit.NANOSECONDS.convert(baseDelay); // no overflow: it stops at the largest number
        long longest = Math.min(TimeUnit.NANOSECONDS.convert(max), Long.MAX_VALUE - 1);
        int doublings = attempt - 1;
        boolean overflows = base != 0 && doublings >= Long.numberOfLeadingZeros(base);
        return overflows ? longest : Math.min(longest, base << doublings);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RetryPolicy that
                && maxAttempts == that.maxAttempts
                && baseDelay.equals(that.baseDelay)
                && maxDelay.equals(that.maxDelay)
                && maxRetryAfter.equals(that.maxRetryAfter)
                && throttlingMaxDelay.equals(that.throttlingMaxDelay)
                && throttlingTimeout.equals(that.throttlingTimeout);
    }

    @Override
    public int hashCode() {
        return Objects.hash(maxAttempts, baseDelay, maxDelay, maxRetryAfter, throttlingMaxDelay, throttlingTimeout);
    }

    @Override
    public String toString() {
        return "RetryPolicy[maxAttempts=" + maxAttempts + ", baseDelay=" + baseDelay + ", maxDelay=" + maxDelay
                + ", maxRetryAfter=" + maxRetryAfter + ", throttlingMaxDelay=" + throttlingMaxDelay
                + ", throttlingTimeout=" + throttlingTimeout + "]";
    }

    /** Builds {@link RetryPolicy}. Not thread-safe. */
    public static final class Builder {
        private int maxAttempts = 5;
        private Duration baseDelay = Duration.ofMillis(100);
        private Duration maxDelay = Duration.ofSeconds(10);
        private Duration maxRetryAfter = Duration.ofMinutes(2);
        private Duration throttlingMaxDelay = Duration.ofSeconds(20);
        private Duration throttlingTimeout = Duration.ofMinutes(2);

        private Builder() {}

        private Builder(RetryPolicy options) {
            maxAttempts = options.maxAttempts;
            baseDelay = options.baseDelay;
            maxDelay = options.maxDelay;
            maxRetryAfter = options.maxRetryAfter;
            throttlingMaxDelay = options.throttlingMaxDelay;
            throttlingTimeout = options.throttlingTimeout;
        }

        /**
         * Sets the number of attempts, the first one included: 1 or more; 1 means no retry, except of throttled
         * requests, which do not count.
         */
        public Builder maxAttempts(int attempts) {
            maxAttempts = attempts;
            return this;
        }

        /** Sets the longest delay before the second attempt; it doubles with every further one. */
        public Builder baseDelay(Duration delay) {
            Objects.requireNonNull(delay, "delay");
            baseDelay = delay;
            return this;
        }

        /** Sets the longest delay before an attempt, unless the store throttles or demands a longer one. */
        public Builder maxDelay(Duration delay) {
            Objects.requireNonNull(delay, "delay");
            maxDelay = delay;
            return this;
        }

        /** Sets the longest delay that a store may demand; if it demands a longer one, the transfer fails at once. */
        public Builder maxRetryAfter(Duration delay) {
            Objects.requireNonNull(delay, "delay");
            maxRetryAfter = delay;
            return this;
        }

        /** Sets the longest delay before any request to a store that throttles, unless it demands a longer one. */
        public Builder throttlingMaxDelay(Duration delay) {
            Objects.requireNonNull(delay, "delay");
            throttlingMaxDelay = delay;
            return this;
        }

        /**
         * Sets how long a store may throttle all requests of a transfer until it fails, from the first refusal since a
         * request succeeded; zero means that a throttled request fails the transfer. The last delay that the store
         * demands may end later.
         */
        public Builder throttlingTimeout(Duration timeout) {
            Objects.requireNonNull(timeout, "timeout");
            throttlingTimeout = timeout;
            return this;
        }

        /**
         * Builds the options.
         *
         * @throws IllegalArgumentException if a value is outside its limits
         */
        public RetryPolicy build() {
            return new RetryPolicy(this);
        }
    }
}
