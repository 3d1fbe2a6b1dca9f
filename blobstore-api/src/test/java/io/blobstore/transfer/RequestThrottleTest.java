package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.blobstore.Operation;
import io.blobstore.ThrottledException;
import io.blobstore.transfer.RequestThrottle.Permit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class RequestThrottleTest {
    private final FakeClock clock = new FakeClock();

    /** Returns a throttle whose delays are the longest ones. */
    private RequestThrottle throttle(int concurrency) {
        return throttle(concurrency, clock);
    }

    private static RequestThrottle throttle(int concurrency, TransferClock clock) {
        return new RequestThrottle(RetryPolicy.DEFAULT, concurrency, clock, RetryPolicyTest.LONGEST);
    }

    static ThrottledException refusal() {
        return refusal(null);
    }

    static ThrottledException refusal(@Nullable Duration retryAfter) {
        return new ThrottledException(Operation.STORE, KEY, "slow down", retryAfter, null);
    }

    private static List<Permit> acquire(RequestThrottle throttle, int count) throws InterruptedException {
        List<Permit> permits = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            permits.add(throttle.acquire());
        }
        return permits;
    }

    /** Sends a request that is refused. */
    private static Duration refuse(RequestThrottle throttle) throws Exception {
        try (Permit permit = throttle.acquire()) {
            return permit.refused(refusal());
        }
    }

    private static void succeed(RequestThrottle throttle) throws InterruptedException {
        try (Permit permit = throttle.acquire()) {
            permit.succeeded();
        }
    }

    // ---- the delay

    @Test
    void withoutRefusalsNothingWaits() throws Exception {
        RequestThrottle throttle = throttle(2);

        acquire(throttle, 100);

        assertThat(clock.sleeps()).isEmpty();
        assertThat(throttle.limit()).isEqualTo(2);
        assertThat(throttle.delay()).isEmpty();
        assertThat(throttle.acquireUnlessThrottled()).isPresent();
    }

    @Test
    void aRefusalDelaysAllRequests() throws Exception {
        RequestThrottle throttle = throttle(8);

        assertThat(refuse(throttle)).isEqualTo(Duration.ofMillis(100));
        assertThat(throttle.delay()).contains(Duration.ofMillis(100));
        clock.advance(Duration.ofMillis(30));
        acquire(throttle, 2);

        assertThat(clock.sleeps()).containsExactly(Duration.ofMillis(70));
        assertThat(throttle.delay()).isEmpty();
    }

    @Test
    void theDelaysDoubleUpToTheMaximumAndEndAtTheTimeout() throws Exception {
        RequestThrottle throttle = throttle(1);

        ThrottledException problem = catchThrowableOfType(ThrottledException.class, () -> {
            while (true) {
                refuse(throttle);
            }
        });

        assertThat(clock.sleeps())
                .containsExactly(
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        Duration.ofMillis(400),
                        Duration.ofMillis(800),
                        Duration.ofMillis(1600),
                        Duration.ofMillis(3200),
                        Duration.ofMillis(6400),
                        Duration.ofMillis(12_800),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofMillis(14_500)); // the rest of 2 minutes
        assertThat(problem)
                .hasMessage("store 'key': slow down; throttled for 120 s, 14 requests were refused")
                .hasCauseInstanceOf(ThrottledException.class);
        assertThat(problem.key()).contains(KEY);
        assertThat(problem.operation()).isEqualTo(Operation.STORE);
        assertThat(problem.isRetryable()).isTrue();
    }

    @Test
    void aSuccessBeginsTheTimeAgain() throws Exception {
        RequestThrottle throttle = throttle(1);
        for (int i = 0; i < 12; i++) {
            refuse(throttle);
        }

        succeed(throttle);

        assertThat(refuse(throttle)).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void aSuccessOfARequestSentBeforeTheDelayBeginsTheTimeButNotTheDelaysAgain() throws Exception {
        RequestThrottle throttle = throttle(1 << 13); // 2 after 12 refusals
        try (Permit old = throttle.acquire()) {
            for (int i = 0; i < 12; i++) {
                refuse(throttle);
            }
            old.succeeded();
        }
        for (int i = 0; i < 6; i++) { // 100 s
            assertThat(refuse(throttle)).isEqualTo(Duration.ofSeconds(20));
        }
        assertThat(throttle.limit()).isEqualTo(1);
    }

    @Test
    void aReaderThatWasIdleHasAllTheTime() throws Exception {
        RequestThrottle throttle = throttle(1);
        refuse(throttle);
        clock.advance(Duration.ofHours(1));

        throttle.restart();

        assertThat(refuse(throttle)).isEqualTo(Duration.ofMillis(100));
    }

    @Test
    void theDelayThatTheStoreDemandsIsTheMinimum() throws Exception {
        RequestThrottle throttle = throttle(4);
        List<Permit> permits = acquire(throttle, 3);

        assertThat(permits.get(0).refused(refusal(Duration.ofSeconds(7)))).isEqualTo(Duration.ofSeconds(7));
        assertThat(permits.get(1).refused(refusal(Duration.ofSeconds(9)))).isEqualTo(Duration.ofSeconds(9));
        assertThat(permits.get(2).refused(refusal(Duration.ofSeconds(-1)))).isEqualTo(Duration.ofSeconds(9));
        permits.forEach(Permit::close);
        assertThat(refuse(throttle)).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void aDemandedDelayMayEndAfterTheTimeout() throws Exception {
        RequestThrottle throttle = throttle(1);
        try (Permit permit = throttle.acquire()) {
            permit.refused(refusal(Duration.ofSeconds(119)));
        }
        try (Permit permit = throttle.acquire()) {
            assertThat(permit.refused(refusal(Duration.ofSeconds(60)))).isEqualTo(Duration.ofSeconds(60));
        }
        assertThatThrownBy(() -> refuse(throttle)).hasMessageContaining("throttled for 179 s");
    }

    @Test
    void tooLongADemandedDelayIsNotWaited() throws Exception {
        Duration tooLong = RetryPolicy.DEFAULT.maxRetryAfter().plusNanos(1);
        try (Permit permit = throttle(1).acquire()) {
            assertThatThrownBy(() -> permit.refused(refusal(tooLong))).hasMessage("store 'key': slow down");
        }
    }

    @Test
    void aPolicyWithoutRetriesRefusesAtOnce() throws Exception {
        RequestThrottle never = new RequestThrottle(RetryPolicy.NEVER, 1, clock, new Random(1));

        assertThatThrownBy(() -> refuse(never)).hasMessage("store 'key': slow down");
    }

    // ---- the number of requests in flight

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 16})
    void requestsThatAreRefusedTogetherHalveTheLimitOnce(int concurrency) throws Exception {
        RequestThrottle throttle = throttle(concurrency);
        List<Permit> permits = acquire(throttle, concurrency);

        for (Permit permit : permits) {
            assertThat(permit.refused(refusal())).isEqualTo(Duration.ofMillis(100));
        }

        assertThat(throttle.limit()).isEqualTo(Math.max(1, concurrency / 2));
    }

    @Test
    void theLimitHalvesWithEveryDelayAndGrowsByOneWithEveryRound() throws Exception {
        RequestThrottle throttle = throttle(16);
        List<Integer> limits = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            limits.add(throttle.limit());
            refuse(throttle);
        }
        assertThat(limits).containsExactly(16, 8, 4, 2, 1, 1);
        assertThat(throttle.acquireUnlessThrottled()).isEmpty();

        for (int limit = 1; limit < 16; limit++) {
            for (int i = 0; i < limit; i++) {
                assertThat(throttle.limit()).isEqualTo(limit);
                succeed(throttle);
            }
        }

        assertThat(throttle.limit()).isEqualTo(16);
        assertThat(throttle.acquireUnlessThrottled()).isPresent();
    }

    @Test
    void theLimitStartsFromWhatIsInFlightIfThatIsMore() throws Exception {
        RequestThrottle throttle = throttle(8);
        List<Permit> permits = acquire(throttle, 100); // a reader may have that many threads

        permits.get(0).refused(refusal());

        assertThat(throttle.limit()).isEqualTo(50);
    }

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    /** Checks random sequences of requests that succeed, fail or are refused, against the rules. */
    @ParameterizedTest
    @MethodSource("seeds")
    void thereAreNeverMoreRequestsInFlightThanTheLimit(int seed) throws Exception {
        Random random = new Random(seed);
        int concurrency = 1 + random.nextInt(20);
        RetryPolicy patient =
                RetryPolicy.builder().throttlingTimeout(Duration.ofDays(1000)).build();
        RequestThrottle throttle = new RequestThrottle(patient, concurrency, clock, random);
        double refused = random.nextDouble() / 2;
        List<Permit> inFlight = new ArrayList<>();
        List<Permit> sentBeforeTheLastDelay = List.of();
        for (int step = 0; step < 500; step++) {
            if (inFlight.size() < throttle.limit() && random.nextBoolean()) {
                long before = clock.nanoTime();
                Duration delay = throttle.delay().orElse(Duration.ZERO);
                inFlight.add(throttle.acquire());
                assertThat(clock.nanoTime() - before).isEqualTo(delay.toNanos());
                assertThat(inFlight).hasSizeLessThanOrEqualTo(throttle.limit());
            } else if (!inFlight.isEmpty()) {
                int limit = throttle.limit();
                Permit ended = inFlight.remove(random.nextInt(inFlight.size()));
                if (random.nextDouble() < refused) {
                    ended.refused(refusal());
                    boolean again = sentBeforeTheLastDelay.contains(ended);
                    assertThat(throttle.limit()).isEqualTo(again ? limit : Math.max(1, limit / 2));
                    sentBeforeTheLastDelay = again ? sentBeforeTheLastDelay : List.copyOf(inFlight);
                } else if (random.nextInt(5) > 0) {
                    ended.succeeded();
                    assertThat(throttle.limit()).isBetween(limit, Math.min(limit + 1, concurrency));
                }
                ended.close();
            }
            clock.advance(Duration.ofMillis(random.nextInt(50)));
        }
        inFlight.forEach(Permit::close);
        for (int i = 0; i < concurrency * concurrency; i++) {
            succeed(throttle);
        }
        assertThat(throttle.limit()).isEqualTo(concurrency);
        assertThat(acquire(throttle, concurrency)).hasSize(concurrency);
    }

    // ---- waiting threads

    @Test
    void threadsBeyondTheLimitWaitForThoseInFlight() throws Exception {
        RequestThrottle throttle = throttle(8);
        refuse(throttle); // 4 requests from now on
        AtomicInteger inFlight = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Callable<Object> worker = () -> {
            for (int i = 0; i < 500; i++) {
                try (Permit permit = throttle.acquire()) { // ends neither as success nor as refusal: the limit stays
                    most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                    Thread.yield();
                    inFlight.decrementAndGet();
                }
            }
            return "done";
        };
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (Future<Object> done : threads.invokeAll(Collections.nCopies(8, worker))) {
                assertThat(done.get()).isEqualTo("done");
            }
        } finally {
            threads.shutdown();
        }
        assertThat(most).hasValueBetween(1, 4);
    }

    @Test
    void anInterruptEndsBothWaits() throws Exception {
        ManualTransferClock manual = new ManualTransferClock();
        RequestThrottle throttle = throttle(1, manual);
        assertInterruptible(throttle, refuse(throttle), manual);

        manual.advance(Duration.ofSeconds(1));
        try (Permit only = throttle.acquire()) {
            assertThat(throttle.limit()).isEqualTo(1);
            Thread.currentThread().interrupt();
            assertThatExceptionOfType(InterruptedException.class).isThrownBy(throttle::acquire);
        }
        acquire(throttle, 1);
    }

    private static void assertInterruptible(RequestThrottle throttle, Duration delay, ManualTransferClock manual)
            throws Exception {
        assertThat(delay).isPositive();
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Permit> waiting = thread.submit(throttle::acquire);
            manual.awaitSleepers(1);
            waiting.cancel(true);
            manual.awaitSleepers(0);
        } finally {
            thread.shutdown();
        }
    }
}
