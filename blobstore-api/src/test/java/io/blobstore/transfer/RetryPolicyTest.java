package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.ThrottledException;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryPolicyTest {
    private static final Throwable TRANSIENT = ScriptedStore.failure("try again", true);

    /** Always returns the largest number allowed. */
    static final RandomGenerator LONGEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public long nextLong(long bound) {
            if (bound <= 0) {
                throw new IllegalArgumentException("bound must be positive; got " + bound);
            }
            return bound - 1;
        }
    };

    private static ThrottledException throttled(Duration retryAfter) {
        return new ThrottledException(Operation.STORE, KEY, "slow down", retryAfter, null);
    }

    @ParameterizedTest
    @CsvSource({"1, 100", "2, 200", "3, 400", "4, 800", "5, 1000", "6, 1000", "60, 1000", "64, 1000", "1000, 1000"})
    void theLongestDelayDoublesUpToTheMaximum(int attempt, long millis) {
        RetryPolicy policy = RetryPolicy.builder()
                .maxAttempts(10_000)
                .baseDelay(Duration.ofMillis(100))
                .maxDelay(Duration.ofSeconds(1))
                .maxRetryAfter(Duration.ofMinutes(1))
                .build();

        assertThat(policy.delayAfter(TRANSIENT, attempt, LONGEST)).contains(Duration.ofMillis(millis));
    }

    @Test
    void theJitterIsFull() {
        RetryPolicy policy = RetryPolicy.DEFAULT;
        Random random = new Random(1);

        long[] nanos = IntStream.range(0, 10_000)
                .mapToLong(i ->
                        policy.delayAfter(TRANSIENT, 1, random).orElseThrow().toNanos())
                .toArray();

        long longest = Duration.ofMillis(100).toNanos();
        assertThat(Arrays.stream(nanos).boxed()).allMatch(delay -> delay >= 0 && delay <= longest);
        for (int tenth = 0; tenth < 10; tenth++) { // a fixed seed: deterministic
            long from = longest / 10 * tenth;
            long to = longest / 10 * (tenth + 1);
            assertThat(Arrays.stream(nanos)
                            .filter(delay -> delay >= from && delay < to)
                            .count())
                    .isBetween(900L, 1100L);
        }
    }

    @Test
    void theDelayThatTheStoreDemandsIsTheMinimum() {
        RetryPolicy policy = RetryPolicy.DEFAULT;

        assertThat(policy.delayAfter(throttled(Duration.ofSeconds(7)), 1, LONGEST))
                .contains(Duration.ofSeconds(7));
        assertThat(policy.delayAfter(throttled(Duration.ofMillis(5)), 1, LONGEST))
                .contains(Duration.ofMillis(100));
        assertThat(policy.delayAfter(throttled(Duration.ofSeconds(-1)), 1, LONGEST))
                .contains(Duration.ofMillis(100));
    }

    @Test
    void tooLongADemandedDelayIsNotWaited() {
        RetryPolicy policy = RetryPolicy.DEFAULT;

        assertThat(policy.delayAfter(throttled(policy.maxRetryAfter()), 1, LONGEST))
                .contains(policy.maxRetryAfter());
        assertThat(policy.delayAfter(throttled(policy.maxRetryAfter().plusNanos(1)), 1, LONGEST))
                .isEmpty();
    }

    @Test
    void whatTheStoreHasRepeatedIsNotRetried() {
        BlobStoreException repeated = ScriptedStore.failure("again and again", true);
        assertThat(RetryPolicy.DEFAULT.delayAfter(repeated, 1, LONGEST)).isPresent();
        repeated.setAttempts(2);
        assertThat(RetryPolicy.DEFAULT.delayAfter(repeated, 1, LONGEST)).isEmpty();
    }

    @Test
    void onlyRetryableFailuresAreRetried() {
        assertThat(RetryPolicy.DEFAULT.delayAfter(ScriptedStore.failure("no", false), 1, LONGEST))
                .isEmpty();
        assertThat(RetryPolicy.DEFAULT.delayAfter(new IOException("unknown"), 1, LONGEST))
                .isEmpty();
        assertThat(RetryPolicy.DEFAULT.delayAfter(TRANSIENT, 4, LONGEST)).isPresent();
        assertThat(RetryPolicy.DEFAULT.delayAfter(TRANSIENT, 5, LONGEST)).isEmpty();
        assertThat(RetryPolicy.NEVER.delayAfter(TRANSIENT, 1, LONGEST)).isEmpty();
        assertThat(RetryPolicy.NEVER.toBuilder().maxAttempts(2).build().delayAfter(TRANSIENT, 1, LONGEST))
                .contains(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 1000})
    void noDurationIsTooLong(int attempt) {
        Duration forever = ChronoUnit.FOREVER.getDuration();
        RetryPolicy policy = RetryPolicy.builder()
                .maxAttempts(10_000)
                .baseDelay(forever)
                .maxDelay(forever)
                .maxRetryAfter(forever)
                .build();

        assertThat(policy.delayAfter(TRANSIENT, attempt, LONGEST)).contains(Duration.ofNanos(Long.MAX_VALUE - 1));
        assertThat(policy.delayAfter(throttled(forever), attempt, LONGEST)).contains(forever);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 1000})
    void aDelayOfZeroStaysZero(int attempt) {
        RetryPolicy policy = RetryPolicy.builder()
                .maxAttempts(10_000)
                .baseDelay(Duration.ZERO)
                .maxDelay(Duration.ofSeconds(1))
                .maxRetryAfter(Duration.ZERO)
                .build();

        assertThat(policy.delayAfter(TRANSIENT, attempt, LONGEST)).contains(Duration.ZERO);
    }

    @Test
    void refusesNonsense() {
        Duration second = Duration.ofSeconds(1);
        Duration negative = Duration.ofNanos(-1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder()
                        .maxAttempts(0)
                        .baseDelay(second)
                        .maxDelay(second)
                        .maxRetryAfter(second)
                        .build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder()
                        .maxAttempts(1)
                        .baseDelay(negative)
                        .maxDelay(second)
                        .maxRetryAfter(second)
                        .build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder()
                        .maxAttempts(1)
                        .baseDelay(second)
                        .maxDelay(negative)
                        .maxRetryAfter(second)
                        .build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.builder()
                        .maxAttempts(1)
                        .baseDelay(second)
                        .maxDelay(second)
                        .maxRetryAfter(negative)
                        .build());
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> RetryPolicy.builder().throttlingMaxDelay(negative).build());
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> RetryPolicy.builder().throttlingTimeout(negative).build());
    }
}
