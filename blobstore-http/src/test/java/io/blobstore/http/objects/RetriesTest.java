package io.blobstore.http.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.ThrottledException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often, and how long, requests without content are repeated. */
class RetriesTest {
    private final VirtualRetryClock clock = new VirtualRetryClock();

    private static BlobStoreException failure(boolean retryable) {
        return new BlobStoreException(Operation.HEAD, null, "failed", null, retryable);
    }

    private static ThrottledException throttled(Duration retryAfter) {
        return new ThrottledException(Operation.HEAD, null, "slow down", retryAfter, null);
    }

    /** Returns the number of attempts that all fail in the same way. */
    private int attempts(Retries retries, BlobStoreException problem) throws InterruptedException {
        Retries.Attempts attempts = retries.begin();
        int sent = 1;
        while (attempts.next(problem)) {
            sent++;
        }
        assertThat(problem.attempts()).isEqualTo(sent);
        return sent;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 100})
    void aFailureIsRepeatedUntilTheAttemptsAreUsedUp(int max) throws InterruptedException {
        Retries retries = new Retries(max, clock);

        assertThat(attempts(retries, failure(true))).isBetween(Math.min(max, 12), max);
        assertThat(clock.passed()).isLessThanOrEqualTo(Duration.ofMinutes(2));
        assertThat(attempts(retries, failure(false))).isOne();
    }

    @Test
    void aThrottledRequestIsRepeatedForTwoMinutes() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            VirtualRetryClock time = new VirtualRetryClock();
            Retries retries = new Retries(2, time);
            int sent = attempts(retries, throttled(null));

            assertThat(sent).isBetween(7, 24);
            assertThat(time.passed()).isLessThan(Duration.ofMinutes(2));
            if (sent < 24) {
                assertThat(time.passed()).isGreaterThan(Duration.ofSeconds(100));
            }
        }
    }

    @Test
    void aDelayThatTheServerDemandsIsTheMinimum() throws InterruptedException {
        assertThat(attempts(new Retries(5, clock), throttled(Duration.ofSeconds(50))))
                .isEqualTo(3);
        assertThat(clock.passed()).isEqualTo(Duration.ofSeconds(100));
        assertThat(attempts(new Retries(5, clock), throttled(Duration.ofMinutes(3))))
                .isOne();
    }

    @Test
    void oneAttemptMeansOneOfThrottledRequestsToo() throws InterruptedException {
        assertThat(attempts(new Retries(1, clock), throttled(null))).isOne();
        assertThat(clock.passed()).isZero();
    }

    @Test
    void requestsWithinOthersAreRepeatedBriefly() throws InterruptedException {
        assertThat(attempts(new Retries(5, clock).brief(), throttled(null))).isEqualTo(5);
        assertThat(clock.passed()).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void successesOfALongWorkStartTheCountAgain() throws InterruptedException {
        Retries.Attempts attempts = new Retries(2, clock).begin();
        for (int step = 0; step < 10; step++) {
            assertThat(attempts.next(failure(true))).isTrue();
            attempts.restart();
        }
        assertThat(attempts.next(failure(true))).isTrue();
        assertThat(attempts.next(failure(true))).isFalse();
    }

    @Test
    void anInterruptEndsTheWait() {
        Retries.Attempts attempts = new Retries(2, RetryClock.SYSTEM).begin();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> attempts.next(throttled(Duration.ofSeconds(100))))
                .isInstanceOf(InterruptedException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, 0, 101})
    void otherNumbersOfAttemptsAreRefused(int max) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Retries(max, clock))
                .withMessageContaining("from 1 to 100");
    }

    @Test
    void theSystemClockMeasuresRealTime() throws InterruptedException {
        long before = RetryClock.SYSTEM.nanoTime();
        RetryClock.SYSTEM.sleep(Duration.ofMillis(1));

        assertThat(RetryClock.SYSTEM.nanoTime() - before).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(1));
    }
}
