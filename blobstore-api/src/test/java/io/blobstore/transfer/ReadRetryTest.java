package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.PartialReadException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadResult;
import io.blobstore.ThrottledException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which bytes of a read are requested again, how often, and after which delays. */
@Timeout(120)
class ReadRetryTest {
    private static final byte[] CONTENT = ReadPlanTest.content(95);
    private static final RetryPolicy POLICY = RetryPolicy.builder()
            .maxAttempts(4)
            .baseDelay(Duration.ofMillis(100))
            .maxDelay(Duration.ofSeconds(1))
            .maxRetryAfter(Duration.ofSeconds(30))
            .build();

    @TempDir
    private Path directory;

    private final FakeClock clock = new FakeClock();
    private final ByteBuffer target = ByteBuffer.allocate(95);

    /** Reads in parts of 40 bytes, one after another. */
    private ReadResult read(ScriptedReads store, BlobTarget target) throws Exception {
        try (TransferManager reader = TransferManager.builder()
                .executor(Runnable::run)
                .clock(clock)
                .random(new Random(7))
                .build()) {
            return reader.download(
                            store,
                            KEY,
                            ByteRange.all(),
                            target,
                            DownloadOptions.builder()
                                    .partSize(40)
                                    .concurrency(1)
                                    .retry(POLICY)
                                    .build())
                    .join();
        }
    }

    /** Returns a store that fails the first attempts to read the part at an offset. */
    private static ScriptedReads failing(long offset, int times, BlobStoreException failure) throws Exception {
        AtomicInteger tries = new AtomicInteger();
        return ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == offset && tries.incrementAndGet() <= times) {
                throw failure;
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 40, 80})
    void eachPartIsRetriedByItself(long offset) throws Exception {
        ScriptedReads store = failing(offset, 3, ScriptedReads.failure("try again", true));

        read(store, BlobTarget.of(target));

        assertThat(store.requests()).hasSize(3 + 3);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        Random same = new Random(7);
        assertThat(clock.sleeps())
                .containsExactly(
                        Duration.ofNanos(same.nextLong(100_000_001)),
                        Duration.ofNanos(same.nextLong(200_000_001)),
                        Duration.ofNanos(same.nextLong(400_000_001)));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 40, 80})
    void failsAfterTheLastAttempt(long offset) throws Exception {
        ScriptedReads store = failing(offset, 100, ScriptedReads.failure("try again", true));

        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> read(store, BlobTarget.of(target)))
                .withMessageContaining("try again");

        assertThat(store.requests()).hasSize((int) offset / 40 + 4);
        assertThat(clock.sleeps()).hasSize(3);
        assertThat(target.position()).isZero();
    }

    @Test
    void failuresThatAreNotRetryableAreNotRetried() throws Exception {
        ScriptedReads store = failing(40, 1, ScriptedReads.failure("for good", false));

        assertThatThrownBy(() -> read(store, BlobTarget.of(target))).hasMessageContaining("for good");

        assertThat(store.requests()).hasSize(2);
        assertThat(clock.sleeps()).isEmpty();
    }

    @Test
    void theDelayThatTheStoreDemandsIsWaited() throws Exception {
        read(
                failing(0, 1, new ThrottledException(Operation.READ, KEY, "slow down", Duration.ofSeconds(20), null)),
                BlobTarget.of(target));

        assertThat(clock.sleeps()).containsExactly(Duration.ofSeconds(20));
    }

    // ---- resuming

    /** Returns a store that ends the first read at each of these offsets after {@code bytes} bytes. */
    private static ScriptedReads cutting(int bytes, Integer... offsets) throws Exception {
        List<Integer> left = new ArrayList<>(List.of(offsets));
        ScriptedReads store = ScriptedReads.of(CONTENT);
        return store.responding((read, right) -> {
            if (left.remove(Integer.valueOf((int) read.offset()))) {
                throw store.cut(read, right, bytes);
            }
            return right;
        });
    }

    @Test
    void onlyMissingBytesAreRequestedAgain() throws Exception {
        ScriptedReads store = cutting(7, 0, 7, 40, 80);

        ReadResult read = read(store, BlobTarget.of(target));

        assertThat(store.requests())
                .containsExactly(
                        "READ 0+40",
                        "READ 7+33 of v1",
                        "READ 14+26 of v1",
                        "READ 40+40 of v1",
                        "READ 47+33 of v1",
                        "READ 80+15 of v1",
                        "READ 87+8 of v1");
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(read.checksum()).isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT)));
        assertThat(read.length()).isEqualTo(95);
    }

    @Test
    void bytesThatHadArrivedAreInTheFileToo() throws Exception {
        Path path = directory.resolve("file");

        read(cutting(39, 0, 40), BlobTarget.ofPath(path));

        assertThat(path).hasBinaryContent(CONTENT);
    }

    @Test
    void aSmallBlobWhoseOnlyReadEndedEarlyIsResumed() throws Exception {
        ScriptedReads store = cutting(10, 0).withoutChecksumInParts();
        try (TransferManager reader = TransferManager.builder().clock(clock).build()) {
            reader.download(store, KEY, ByteRange.all(), BlobTarget.of(target)).join();
        }
        // It was not read with one request, so the store has not verified it.
        assertThat(store.requests()).containsExactly("READ 0+95", "READ 10+85 of v1", "HEAD");
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
    }

    @Test
    void aResumedReadOfAReplacedBlobFails() throws Exception {
        byte[] other = ReadPlanTest.content(94);
        AtomicInteger reads = new AtomicInteger();
        ScriptedReads store = ScriptedReads.of(CONTENT);
        store.responding((read, right) -> {
            if (reads.incrementAndGet() == 1) {
                store.replace(other);
                throw store.cut(read, right, 20);
            }
            return right;
        });

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> read(store, BlobTarget.of(target)));

        assertThat(store.requests()).containsExactly("READ 0+40", "READ 20+20 of v1");
        assertThat(target.position()).isZero();
    }

    @Test
    void interruptedReadsCountAsAttempts() throws Exception {
        ScriptedReads store = ScriptedReads.of(CONTENT);
        store.responding((read, right) -> {
            throw store.cut(read, right, 1);
        });

        assertThatExceptionOfType(PartialReadException.class).isThrownBy(() -> read(store, BlobTarget.of(target)));

        assertThat(store.requests())
                .containsExactly("READ 0+40", "READ 1+39 of v1", "READ 2+38 of v1", "READ 3+37 of v1");
    }
}
