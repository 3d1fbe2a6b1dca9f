package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoredBlob;
import io.blobstore.ThrottledException;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests which requests of an upload are retried, how often, and after which delays. */
@Timeout(120)
class UploadRetryTest {
    private static final RetryPolicy POLICY = RetryPolicy.builder()
            .maxAttempts(4)
            .baseDelay(Duration.ofMillis(100))
            .maxDelay(Duration.ofSeconds(1))
            .maxRetryAfter(Duration.ofSeconds(30))
            .build();
    private static final int SEED = 7;

    private final FakeClock clock = new FakeClock();

    private interface Failure {
        IOException make();
    }

    /** Returns a store that fails the first attempts of one kind of request. */
    private static ScriptedStore failing(Request request, int times, Failure failure) {
        AtomicInteger tries = new AtomicInteger();
        return new ScriptedStore().on(request, part -> {
            if (part <= 1 && tries.incrementAndGet() <= times) {
                throw failure.make();
            }
        });
    }

    /** Uploads with one request for {@link Request#STORE}, otherwise in three parts. */
    private StoredBlob upload(ScriptedStore store, Request request) throws Exception {
        try (TransferManager uploader = TransferManager.builder()
                .executor(Runnable::run)
                .clock(clock)
                .random(new Random(SEED))
                .build()) {
            return uploader.upload(
                            store,
                            KEY,
                            BlobSource.of(ByteBuffer.allocate(30)),
                            UploadOptions.builder()
                                    .partSize(request == Request.STORE ? 30 : 10)
                                    .concurrency(1)
                                    .retry(POLICY)
                                    .build())
                    .join();
        }
    }

    private static String name(Request request) {
        return request == Request.PART ? "PART 1" : request.name();
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void eachRequestIsRetriedByItself(Request request) throws Exception {
        ScriptedStore store = failing(request, 3, () -> ScriptedStore.failure("try again", true));

        upload(store, request);

        assertThat(store.count(name(request))).isEqualTo(4);
        assertThat(store.requests().stream().distinct()).hasSize(request == Request.STORE ? 1 : 5);
        assertThat(store.requests()).hasSize(request == Request.STORE ? 4 : 8).doesNotContain("ABORT");
        assertThat(store.stored()).contains(new byte[30]);
        RandomGenerator same = new Random(SEED);
        assertThat(clock.sleeps())
                .containsExactly(
                        Duration.ofNanos(same.nextLong(100_000_001)),
                        Duration.ofNanos(same.nextLong(200_000_001)),
                        Duration.ofNanos(same.nextLong(400_000_001)));
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void failsAfterTheLastAttempt(Request request) {
        ScriptedStore store = failing(request, 100, () -> ScriptedStore.failure("try again", true));

        assertThatThrownBy(() -> upload(store, request))
                .isInstanceOf(BlobStoreException.class)
                .hasMessageContaining("try again");

        assertThat(store.count(name(request))).isEqualTo(4);
        assertThat(clock.sleeps()).hasSize(3);
        assertThat(store.stored()).isEmpty();
        boolean created = request == Request.PART || request == Request.COMPLETE;
        assertThat(store.count("ABORT")).isEqualTo(created ? 1 : 0);
    }

    @ParameterizedTest
    @EnumSource(
            value = Request.class,
            names = {"STORE", "CREATE", "PART", "COMPLETE"})
    void failuresThatAreNotRetryableAreNotRetried(Request request) {
        ScriptedStore store = failing(request, 1, () -> ScriptedStore.failure("for good", false));

        assertThatThrownBy(() -> upload(store, request)).hasMessageContaining("for good");

        assertThat(store.count(name(request))).isEqualTo(1);
        assertThat(clock.sleeps()).isEmpty();
    }

    @Test
    void theDelayThatTheStoreDemandsIsWaited() throws Exception {
        ScriptedStore store = failing(
                Request.PART,
                1,
                () -> new ThrottledException(Operation.STORE, KEY, "slow down", Duration.ofSeconds(20), null));

        upload(store, Request.PART);

        assertThat(clock.sleeps()).containsExactly(Duration.ofSeconds(20));
    }

    @Test
    void tooLongADemandedDelayFailsTheTransferAtOnce() {
        ScriptedStore store = failing(
                Request.PART,
                1,
                () -> new ThrottledException(Operation.STORE, KEY, "slow down", Duration.ofSeconds(31), null));

        assertThatThrownBy(() -> upload(store, Request.PART)).isInstanceOf(ThrottledException.class);

        assertThat(clock.sleeps()).isEmpty();
        assertThat(store.requests()).isEqualTo(List.of("CREATE", "PART 1", "ABORT"));
    }
}
