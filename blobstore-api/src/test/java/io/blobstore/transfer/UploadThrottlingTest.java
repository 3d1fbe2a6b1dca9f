package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.StoredBlob;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests uploads to a store that throttles: how long they continue, how many requests they send, and how they end. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class UploadThrottlingTest {
    private static final int PART = 10;

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @TempDir
    private Path directory;

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    /** Returns a store that throttles the first attempts of one kind of request. */
    private static ScriptedStore throttling(Request request, int times) {
        AtomicInteger tries = new AtomicInteger();
        return new ScriptedStore().on(request, part -> {
            if (tries.incrementAndGet() <= times) {
                throw RequestThrottleTest.refusal();
            }
        });
    }

    private static UploadOptions.Builder options(Request request, int size) {
        return UploadOptions.builder()
                .partSize(request == Request.STORE ? size : PART)
                .concurrency(4);
    }

    private Transfer<StoredBlob> upload(
            ScriptedStore store, TransferClock clock, BlobSource source, UploadOptions how) {
        TransferManager uploader =
                TransferManager.builder().executor(threads).clock(clock).build();
        return uploader.upload(store, KEY, source, how);
    }

    private static BlobSource bytes(int count) {
        return BlobSource.of(ByteBuffer.allocate(count));
    }

    // ---- how long

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void seventeenRefusalsInARowAreSurvivedWhateverTheOtherAttempts(Request request) throws Exception {
        ScriptedStore store = throttling(request, 17);
        FakeClock clock = new FakeClock();
        UploadOptions how = options(request, 30)
                .retry(RetryPolicy.builder().maxAttempts(1).build())
                .build();
        try (TransferManager uploader =
                clock.managers(5).executor(Runnable::run).build()) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, bytes(30), how);
            transfer.join();

            assertThat(transfer.progress().throttledRequests()).isEqualTo(17);
            assertThat(transfer.progress().retries()).isEqualTo(17);
        }
        assertThat(store.stored()).contains(new byte[30]);
        assertThat(clock.sleeps()).hasSize(17).allMatch(delay -> delay.compareTo(Duration.ofSeconds(20)) <= 0);
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void twoMinutesOfRefusalsEndTheUploadAndTheErrorSaysSo(Request request) {
        ScriptedStore store = throttling(request, Integer.MAX_VALUE);
        FakeClock clock = new FakeClock();
        try (TransferManager uploader =
                clock.managers(1).executor(Runnable::run).build()) {
            Transfer<StoredBlob> transfer =
                    uploader.upload(store, KEY, bytes(30), options(request, 30).build());

            assertThatExceptionOfType(ThrottledException.class)
                    .isThrownBy(transfer::join)
                    .withMessageMatching(".*slow down; throttled for 120 s, \\d+ requests were refused");
        }
        assertThat(clock.nanoTime()).isEqualTo(Duration.ofMinutes(2).toNanos());
        assertThat(store.count("ABORT")).isEqualTo(request == Request.PART || request == Request.COMPLETE ? 1 : 0);
    }

    @Test
    void otherFailuresHaveTheirOwnAttempts() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            int attempt = tries.incrementAndGet();
            if (attempt <= 10) { // refused, failed, refused, …
                throw attempt % 2 == 1 ? RequestThrottleTest.refusal() : ScriptedStore.failure("try again", true);
            }
        });
        FakeClock clock = new FakeClock();
        UploadOptions.Builder how = UploadOptions.builder().partSize(10).concurrency(1);
        try (TransferManager uploader =
                clock.managers(1).executor(Runnable::run).build()) {
            uploader.upload(
                            store,
                            KEY,
                            bytes(20),
                            how.retry(RetryPolicy.builder().maxAttempts(6).build())
                                    .build())
                    .join();

            tries.set(0);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(uploader.upload(
                            store,
                            KEY,
                            bytes(20),
                            how.retry(RetryPolicy.builder().maxAttempts(5).build())
                                    .build())::join)
                    .withMessageContaining("try again");
        }
    }

    // ---- all parts together

    /** A store in which the requests for parts wait for the test, which decides whether they are refused. */
    private static final class Gate {
        private final ScriptedStore store = new ScriptedStore().on(Request.PART, part -> pass());
        private final List<CountDownLatch> waiting = new ArrayList<>();
        private boolean refusing;

        private void pass() throws IOException {
            CountDownLatch latch = new CountDownLatch(1);
            synchronized (this) {
                waiting.add(latch);
                notifyAll();
            }
            ScriptedStore.await(latch);
            synchronized (this) {
                if (refusing) {
                    throw RequestThrottleTest.refusal();
                }
            }
        }

        synchronized void await(int requests) throws InterruptedException {
            while (waiting.size() < requests) {
                wait(TimeUnit.MINUTES.toMillis(1));
            }
            assertThat(waiting).hasSize(requests);
        }

        synchronized void end(boolean refused) {
            refusing = refused;
            waiting.forEach(CountDownLatch::countDown);
            waiting.clear();
        }
    }

    @Test
    void theRefusalOfPartsDelaysAllAndHalvesTheRequestsInFlight() throws Exception {
        Gate gate = new Gate();
        ManualTransferClock clock = new ManualTransferClock();
        RecordedRetries retries = new RecordedRetries();
        Transfer<StoredBlob> transfer = upload(
                gate.store,
                clock,
                bytes(20 * PART),
                options(Request.PART, 0).listener(retries).build());
        assertThat(transfer.progress().concurrency()).isEqualTo(4);

        gate.await(4);
        gate.end(true);
        clock.awaitSleepers(4);

        TransferProgress throttled = transfer.progress();
        assertThat(throttled.throttledRequests()).isEqualTo(4);
        assertThat(throttled.concurrency()).isEqualTo(2);
        assertThat(throttled.throttleDelay())
                .hasValueSatisfying(
                        delay -> assertThat(delay).isPositive().isLessThanOrEqualTo(Duration.ofMillis(100)));
        assertThat(retries.delays)
                .hasSize(4)
                .containsOnly(throttled.throttleDelay().orElseThrow());
        assertThat(gate.store.inside()).isZero();

        clock.advance(throttled.throttleDelay().orElseThrow());
        gate.await(2);
        assertThat(transfer.progress().throttleDelay()).isEmpty();
        assertThat(gate.store.inside()).isEqualTo(2);
        gate.end(false); // each success is one of 2
        gate.await(3);
        gate.end(false);
        gate.await(4);
        assertThat(transfer.progress().concurrency()).isEqualTo(4);
        for (int left = 20 - 2 - 3; left > 0; left -= 4) {
            gate.await(Math.min(4, left));
            gate.end(false);
        }
        transfer.join();
        assertThat(gate.store.mostInside()).isEqualTo(4);
        assertThat(transfer.progress().throttleDelay()).isEmpty();
    }

    private static final class RecordedRetries implements TransferListener {
        final List<Duration> delays = new ArrayList<>();

        @Override
        public void onRetry(String what, int attempt, Throwable failure, Duration delay) {
            delays.add(delay);
        }
    }

    @Test
    void throttledPartsHoldNoneOfTheBytesInFlight() throws Exception {
        AtomicBoolean refusing = new AtomicBoolean(true);
        ScriptedStore throttling = new ScriptedStore().on(Request.PART, part -> {
            if (refusing.get()) {
                throw RequestThrottleTest.refusal();
            }
        });
        ManualTransferClock clock = new ManualTransferClock();
        try (TransferManager uploader = TransferManager.builder()
                .executor(threads)
                .clock(clock)
                .maxBytesInFlight(1) // one part at a time, of all transfers
                .build()) {
            UploadOptions how = options(Request.PART, 0).build();
            Transfer<StoredBlob> throttled = uploader.upload(throttling, KEY, bytes(4 * PART), how);
            clock.awaitSleepers(4);

            uploader.upload(new ScriptedStore(), KEY, bytes(4 * PART), how).join();

            refusing.set(false);
            clock.advance(Duration.ofSeconds(1));
            throttled.join();
        }
    }

    // ---- cancelling

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void aThrottledUploadIsCancelledAtOnce(Request request) throws Exception {
        ScriptedStore store = throttling(request, Integer.MAX_VALUE);
        ManualTransferClock clock = new ManualTransferClock();
        Path path = Files.write(directory.resolve("file"), new byte[60]);
        try (MappedFile file = MappedFile.open(path)) {
            Transfer<StoredBlob> transfer =
                    upload(store, clock, file.region(), options(request, 60).build());
            clock.awaitSleepers(request == Request.PART ? 4 : 1);

            assertThat(transfer.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(file.leases()).isZero();
            clock.awaitSleepers(0);
        }
        boolean created = request == Request.PART || request == Request.COMPLETE;
        assertThat(store.count("ABORT")).isEqualTo(created ? 1 : 0);
        assertThat(store.stored()).isEmpty();
        for (int i = 0; i < 20; i++) {
            assertThat(threads.submit(() -> Thread.currentThread().isInterrupted())
                            .get())
                    .isFalse();
        }
    }

    @Test
    void workersThatWaitForOthersAreCancelledToo() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        CountDownLatch hanging = new CountDownLatch(1);
        ScriptedStore store = new ScriptedStore().on(Request.PART, part -> {
            if (requests.incrementAndGet() == 1) { // before the other workers begin
                throw RequestThrottleTest.refusal();
            }
            hanging.countDown();
            ScriptedStore.awaitInterrupt();
        });
        Path path = Files.write(directory.resolve("file"), new byte[60]);
        try (MappedFile file = MappedFile.open(path)) {
            Transfer<StoredBlob> transfer = upload(
                    store,
                    new FakeClock(),
                    file.region(),
                    options(Request.PART, 60).concurrency(3).build());
            hanging.await();

            assertThat(transfer.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(file.leases()).isZero();
        }
        assertThat(store.count("ABORT")).isEqualTo(1);
    }

    /** A completion of which the outcome is unknown is never given up for a cancellation. */
    @Test
    void aCompletionThatMayHaveTakenEffectIsNotCancelled() throws Exception {
        AtomicInteger completions = new AtomicInteger();
        ScriptedStore store = new ScriptedStore().on(Request.COMPLETE, part -> {
            switch (completions.incrementAndGet()) {
                case 1 -> throw ScriptedStore.failure("the response was lost", true);
                case 2 -> throw RequestThrottleTest.refusal();
                default -> {}
            }
        });
        AtomicBoolean cancelled = new AtomicBoolean();
        Transfer<?>[] transfer = new Transfer<?>[1];
        CountDownLatch started = new CountDownLatch(1);
        FakeClock clock = new FakeClock();
        TransferClock cancelling = new TransferClock() {
            @Override
            public long nanoTime() {
                return clock.nanoTime();
            }

            @Override
            public void sleep(Duration duration) throws InterruptedException {
                started.await();
                cancelled.compareAndSet(false, transfer[0].cancel());
                clock.sleep(duration);
            }
        };
        transfer[0] = upload(
                store, cancelling, bytes(20), options(Request.COMPLETE, 20).build());
        started.countDown();

        transfer[0].join();

        assertThat(cancelled).isFalse();
        assertThat(clock.sleeps()).hasSize(2);
        assertThat(store.stored()).isPresent();
    }
}
