package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ReadResult;
import io.blobstore.ThrottledException;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests downloads, vectored reads and readers of a store that throttles. */
@ExtendWith(LeakCheck.class)
@Timeout(120)
class ReadThrottlingTest {
    private static final int PART = 10;
    private static final byte[] CONTENT = ReadPlanTest.content(95);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final FakeClock clock = new FakeClock();

    @TempDir
    private Path directory;

    @AfterEach
    void endThreads() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    /** Returns a store that throttles some reads after others. */
    private static ScriptedReads throttling(int after, int times) throws Exception {
        AtomicInteger reads = new AtomicInteger();
        return ScriptedReads.of(CONTENT).on(read -> {
            int number = reads.incrementAndGet();
            if (number > after && number - after <= times) {
                throw RequestThrottleTest.refusal();
            }
        });
    }

    private static DownloadOptions.Builder options() {
        return DownloadOptions.builder()
                .partSize(PART)
                .concurrency(4)
                .retry(RetryPolicy.builder().maxAttempts(1).build());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9})
    void seventeenRefusalsInARowAreSurvived(int after) throws Exception {
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
        try (TransferManager reader = clock.managers(5).executor(Runnable::run).build()) {
            Transfer<ReadResult> transfer = reader.download(
                    throttling(after, 17),
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(target),
                    options().build());
            transfer.join();

            assertThat(transfer.progress().throttledRequests()).isEqualTo(17);
        }
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(clock.sleeps()).hasSize(17);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9})
    void twoMinutesOfRefusalsEndTheDownloadAndTheErrorSaysSo(int after) throws Exception {
        try (TransferManager reader = clock.managers(1).executor(Runnable::run).build()) {
            Transfer<ReadResult> transfer = reader.download(
                    throttling(after, Integer.MAX_VALUE),
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(ByteBuffer.allocate(CONTENT.length)),
                    options().build());

            assertThatExceptionOfType(ThrottledException.class)
                    .isThrownBy(transfer::join)
                    .withMessageMatching(".*slow down; throttled for 120 s, \\d+ requests were refused");
        }
        assertThat(clock.nanoTime()).isEqualTo(Duration.ofMinutes(2).toNanos());
    }

    @Test
    void theRefusalOfPartsDelaysAllOfThem() throws Exception {
        ManualTransferClock manual = new ManualTransferClock();
        AtomicBoolean refusing = new AtomicBoolean(true);
        CountDownLatch all = new CountDownLatch(4);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() > 0 && refusing.get()) {
                all.countDown();
                ScriptedStore.await(all);
                throw RequestThrottleTest.refusal();
            }
        });
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
        try (TransferManager reader =
                TransferManager.builder().executor(threads).clock(manual).build()) {
            Transfer<ReadResult> transfer = reader.download(
                    store,
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(target),
                    options().build());
            manual.awaitSleepers(4);

            assertThat(store.inside()).isZero();
            assertThat(transfer.progress().concurrency()).isEqualTo(2);
            assertThat(transfer.progress().throttleDelay()).isPresent();

            refusing.set(false);
            manual.advance(Duration.ofSeconds(1));
            transfer.join();
            assertThat(transfer.progress().throttledRequests()).isEqualTo(4);
        }
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aThrottledDownloadIsCancelledAtOnce(int after) throws Exception {
        ManualTransferClock manual = new ManualTransferClock();
        ScriptedReads store = throttling(after, Integer.MAX_VALUE);
        try (TransferManager reader = TransferManager.builder()
                        .executor(threads)
                        .clock(manual)
                        .build();
                MappedFile file = MappedFile.create(directory.resolve("file"), CONTENT.length)) {
            Transfer<ReadResult> transfer = reader.download(
                    store, KEY, ByteRange.all(), file.region(), options().build());
            manual.awaitSleepers(after == 0 ? 1 : 4);

            assertThat(transfer.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(file.leases()).isZero();
        }
        assertThat(store.inside()).isZero();
        manual.awaitSleepers(0);
    }

    // ---- hedging

    /** While the store throttles, a part that takes long is not requested a second time. */
    @Test
    void hedgingSendsNoMoreRequestsToAStoreThatThrottles() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        AtomicInteger lastPart = new AtomicInteger();
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (read.offset() == 90) {
                if (lastPart.incrementAndGet() == 1) {
                    throw RequestThrottleTest.refusal();
                }
                clock.advance(Duration.ofHours(1)); // overdue
                ScriptedStore.await(slow);
            }
        });
        AtomicInteger idle = new AtomicInteger();
        ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
        try (TransferManager reader = clock.managers(1)
                .executor(task -> threads.execute(() -> {
                    task.run();
                    if (idle.incrementAndGet() == 3) { // all workers but one have left, none waits for the slow part
                        slow.countDown();
                    }
                }))
                .build()) {
            Transfer<ReadResult> transfer = reader.download(
                    store,
                    KEY,
                    ByteRange.all(),
                    BlobTarget.of(target),
                    options()
                            .hedging(Hedging.builder()
                                    .percentile(0.5)
                                    .minParts(1)
                                    .build())
                            .build());
            transfer.join();
        }
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
        assertThat(lastPart).hasValue(2);
    }

    // ---- vectored reads and readers

    @Test
    void aVectoredReadSurvivesSeventeenRefusals() throws Exception {
        List<ByteRange> ranges =
                IntStream.range(0, 5).mapToObj(i -> ByteRange.of(i * 20, 5)).toList();
        try (TransferManager reader = clock.managers(5).executor(Runnable::run).build()) {
            List<ByteBuffer> slices = reader.downloadRanges(
                            throttling(2, 17),
                            KEY,
                            ranges,
                            ByteBuffer::allocate,
                            0,
                            options().build())
                    .join();
            assertThat(slices.get(4)).isEqualTo(ByteBuffer.wrap(CONTENT, 80, 5));
        }
        assertThat(clock.sleeps()).hasSize(17);
    }

    @Test
    void aReaderSurvivesSeventeenRefusalsAndEndsAfterTwoMinutes() throws Exception {
        AtomicBoolean refusing = new AtomicBoolean();
        AtomicInteger left = new AtomicInteger(17);
        ScriptedReads store = ScriptedReads.of(CONTENT).on(read -> {
            if (refusing.get() || left.getAndDecrement() > 0) {
                throw RequestThrottleTest.refusal();
            }
        });
        try (TransferManager manager = clock.managers(5).executor(Runnable::run).build();
                BlobReader reader = manager.openReader(store, KEY)) {
            ByteBuffer target = ByteBuffer.allocate(PART);
            assertThat(reader.read(target)).isEqualTo(PART);
            assertThat(clock.sleeps()).hasSize(17);

            refusing.set(true);
            for (int i = 0; i < 2; i++) { // each read has all the time
                long before = clock.nanoTime();
                assertThatExceptionOfType(ThrottledException.class)
                        .isThrownBy(() -> reader.read(target.clear(), 50))
                        .withMessageContaining("throttled for 120 s");
                assertThat(clock.nanoTime() - before)
                        .isEqualTo(Duration.ofMinutes(2).toNanos());
                clock.advance(Duration.ofHours(1));
            }
            refusing.set(false);
            assertThat(reader.read(target.clear(), 50)).isEqualTo(PART);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT, 50, PART));
        }
    }

    @Test
    void theReadsOfAReaderShareTheDelayAndAreEndedByClosingIt() throws Exception {
        ManualTransferClock manual = new ManualTransferClock();
        ScriptedReads store = throttling(1, 1);
        try (TransferManager manager =
                TransferManager.builder().executor(threads).clock(manual).build()) {
            BlobReader reader = manager.openReader(store, KEY);
            assertThat(reader.read(ByteBuffer.allocate(PART))).isEqualTo(PART);
            Future<Integer> refused = threads.submit(() -> reader.read(ByteBuffer.allocate(PART), 20));
            manual.awaitSleepers(1);
            Future<Integer> other = threads.submit(() -> reader.read(ByteBuffer.allocate(PART), 40));
            manual.awaitSleepers(2);
            assertThat(store.requests()).hasSize(2);

            reader.close();

            for (Future<Integer> read : List.of(refused, other)) {
                assertThatExceptionOfType(ExecutionException.class)
                        .isThrownBy(read::get)
                        .withCauseInstanceOf(AsynchronousCloseException.class);
            }
            manual.awaitSleepers(0);
        }
    }
}
