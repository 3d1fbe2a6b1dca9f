package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.FakeClock;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.internal.Contents;
import io.blobstore.zstd.internal.WatchedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fails, stops and cancels uploads of compressed blobs at every point: all or nothing is stored, and nothing leaks. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class CompressedUploadUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final byte[] OLD = {1, 2, 3};
    private static final int FRAME = 64 << 10;
    private static final byte[] CONTENT = Contents.text(1, 20 * FRAME);

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final TransferManager.Builder managers = new FakeClock().managers(1);

    private final WatchedSource source = watched(visit -> {});

    private static WatchedSource watched(WatchedSource.Script script) {
        return new WatchedSource(BlobSource.of(Contents.direct(CONTENT)), script);
    }

    private static CompressionOptions options(FrameFormat format) {
        return CompressionOptions.builder()
                .frameSize(FRAME)
                .format(format)
                .threads(2)
                .upload(UploadOptions.builder().partSize(30_000).concurrency(3).build())
                .build();
    }

    private void assertHolds(byte[] content, String when) throws IOException {
        byte[] bytes = new byte[content.length];
        CompressedBlobs.of(memory).contents().read(KEY, ByteRange.all(), ByteBuffer.wrap(bytes));
        assertThat(bytes).as(when).isEqualTo(content);
    }

    private void assertHoldsOld(String when) throws IOException {
        byte[] bytes = new byte[(int) memory.head(KEY).size()];
        memory.read(KEY, ByteRange.all(), ByteBuffer.wrap(bytes));
        assertThat(bytes).as(when).isEqualTo(OLD);
    }

    private int requests(FrameFormat format) throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory).build();
        try (TransferManager transfers = managers.build()) {
            CompressedBlobs.of(store)
                    .upload(transfers, KEY, source, options(format))
                    .join();
        }
        return (int) store.requests();
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void anUploadSurvivesTheFailureOfAnyRequest(FrameFormat format) throws Exception {
        int requests = requests(format);
        assertThat(requests).isGreaterThan(5);
        try (TransferManager transfers = managers.build()) {
            for (Fault fault : new Fault[] {Fault.ERROR, Fault.RESPONSE_LOST, Fault.THROTTLED}) {
                for (int n = 1; n <= requests; n++) {
                    memory.delete(KEY);
                    FaultyBlobStore store =
                            FaultyBlobStore.over(memory).at(n, fault).build();
                    CompressedBlobs.of(store)
                            .upload(transfers, KEY, source, options(format))
                            .join();
                    assertThat(store.injected(fault)).isEqualTo(1);
                    assertThat(source.retained()).isZero();
                    assertHolds(CONTENT, fault + " at request " + n);
                }
            }
        }
        assertThat(memory.openUploads()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void aPermanentFailureOfAnyRequestLeavesTheKeyAsItWas(FrameFormat format) throws Exception {
        int requests = requests(format);
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager transfers = managers.build()) {
            for (int n = 1; n <= requests; n++) {
                FaultyBlobStore store =
                        FaultyBlobStore.over(memory).at(n, Fault.FATAL_ERROR).build();
                Transfer<CompressionResult> transfer =
                        CompressedBlobs.of(store).upload(transfers, KEY, source, options(format));
                assertThatExceptionOfType(BlobStoreException.class)
                        .as("request %d", n)
                        .isThrownBy(transfer::join)
                        .withMessageContaining("rejects");
                assertThat(source.retained()).isZero();
                assertThat(source.active()).isZero();
                assertThat(memory.openUploads()).isEmpty();
                assertHoldsOld("request " + n);
            }
        }
    }

    @Test
    void aBitFlippedInAnyPartIsFound() throws Exception {
        int parts = requests(FrameFormat.SEEKABLE) - 2;
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager transfers = managers.build()) {
            for (int part = 1; part <= parts; part++) {
                FaultyBlobStore store = FaultyBlobStore.over(memory)
                        .seed(part)
                        .at(Operation.UPLOAD_PART, part, Fault.FLIPPED_PART)
                        .build();
                Transfer<CompressionResult> transfer =
                        CompressedBlobs.of(store).upload(transfers, KEY, source, options(FrameFormat.SEEKABLE));
                assertThatExceptionOfType(IntegrityException.class).isThrownBy(transfer::join);
                assertHoldsOld("part " + part);
            }
        }
        assertThat(memory.openUploads()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void aSourceThatFailsAtAnyVisitStoresNothing(FrameFormat format) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        int failed = 0;
        try (TransferManager transfers = managers.build()) {
            for (int n = 0; n < 40; n++) { // each frame is visited to be hashed, and to be compressed
                int failing = n;
                WatchedSource bad = watched(visit -> {
                    if (visit == failing) {
                        throw new IOException("the disk is gone");
                    }
                });
                Transfer<CompressionResult> transfer =
                        CompressedBlobs.of(memory).upload(transfers, KEY, bad, options(format));
                assertThatExceptionOfType(IOException.class)
                        .as("visit %d", n)
                        .isThrownBy(transfer::join)
                        .withMessage("the disk is gone");
                failed++;
                assertThat(bad.retained()).isZero();
                assertThat(bad.active()).isZero();
                assertThat(memory.openUploads()).isEmpty();
            }
        }
        assertThat(failed).isEqualTo(40);
        assertHoldsOld("no source could be read");
    }

    // ---- cancelling

    @Test
    void cancellingWhileAFrameIsReadWaitsForThatAndStoresNothing() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        WatchedSource slow = watched(visit -> {
            if (visit == 9) {
                inside.countDown();
                awaitUninterruptibly(goOn);
            }
        });
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<CompressionResult> transfer =
                    CompressedBlobs.of(memory).upload(transfers, KEY, slow, options(FrameFormat.SEEKABLE));
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(transfer.cancel()).isTrue();
            assertThat(transfer.toCompletableFuture()).isNotDone();
            assertThat(slow.retained()).isEqualTo(1);
            goOn.countDown();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(slow.retained()).isZero();
            assertThat(slow.active()).isZero();
        } finally {
            goOn.countDown();
        }
        assertThat(memory.openUploads()).isEmpty();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void cancellingWhileAPartIsSentStoresNothing() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.UPLOAD_PART, 2, Fault.STALL)
                .build();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<CompressionResult> transfer =
                    CompressedBlobs.of(store).upload(transfers, KEY, source, options(FrameFormat.CASBLOB));
            store.awaitStall();
            assertThat(transfer.cancel()).isTrue();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(source.retained()).isZero();
        }
        assertThat(memory.openUploads()).isEmpty();
    }

    @Test
    void anUploadThatIsCancelledAtAnyMomentStoresAllOrNothing() throws Exception {
        int stored = 0;
        int rounds = CampaignScale.of(2000, 100);
        try (TransferManager transfers = TransferManager.create()) {
            for (int round = 0; round < rounds; round++) {
                memory.store(KEY, ByteBuffer.wrap(OLD));
                int visits = round % 41;
                AtomicReference<Transfer<CompressionResult>> running = new AtomicReference<>();
                CountDownLatch started = new CountDownLatch(1);
                WatchedSource cancelling = watched(visit -> {
                    if (visit == visits) {
                        awaitUninterruptibly(started);
                        running.get().cancel();
                    }
                });
                running.set(CompressedBlobs.of(memory)
                        .upload(transfers, KEY, cancelling, options(FrameFormat.values()[round % 2])));
                started.countDown();
                Throwable problem = catchThrowable(running.get()::join);
                assertThat(cancelling.retained()).isZero();
                assertThat(cancelling.active()).isZero();
                assertThat(memory.openUploads()).isEmpty();
                if (problem == null) {
                    stored++;
                    assertHolds(CONTENT, "round " + round);
                } else {
                    assertThat(problem).isInstanceOf(CancellationException.class);
                    assertHoldsOld("round " + round);
                }
            }
        }
        assertThat(stored).isPositive().isLessThan(rounds);
    }

    @Test
    void anExecutorThatShutsDownCancels() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.UPLOAD_PART, 1, Fault.STALL)
                .build();
        try (TransferManager transfers =
                TransferManager.builder().executor(threads).build()) {
            Transfer<CompressionResult> transfer =
                    CompressedBlobs.of(store).upload(transfers, KEY, source, options(FrameFormat.SEEKABLE));
            store.awaitStall();
            threads.shutdownNow();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        }
        assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        assertThat(source.retained()).isZero();
        assertThat(memory.openUploads()).isEmpty();
    }

    @Test
    void oneThreadOfAnExecutorIsEnough() throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (TransferManager transfers =
                TransferManager.builder().executor(thread).build()) {
            BlobStore store = memory;
            CompressedBlobs.of(store)
                    .upload(transfers, KEY, source, options(FrameFormat.CASBLOB))
                    .join();
        } finally {
            thread.shutdown();
        }
        assertHolds(CONTENT, "one thread");
    }

    @Test
    void uploadsStoreAllOrNothingWhateverHappens() throws Exception {
        int failed = 0;
        int rounds = CampaignScale.of(1000, 100);
        for (long seed = 0; seed < rounds; seed++) {
            memory.store(KEY, ByteBuffer.wrap(OLD));
            Random random = new Random(seed);
            byte[] content = Contents.text(seed, 1 + random.nextInt(500_000));
            FaultyBlobStore store = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.1)
                    .chance(Fault.FATAL_ERROR, 0.03)
                    .chance(Fault.FLIPPED_PART, 0.03)
                    .chanceOnlyFor(Operation.CREATE_UPLOAD, Operation.UPLOAD_PART, Operation.COMPLETE_UPLOAD)
                    .build();
            CompressionOptions options = CompressionOptions.builder()
                    .frameSize(FRAME)
                    .format(FrameFormat.values()[random.nextInt(2)])
                    .threads(1 + random.nextInt(3))
                    .upload(UploadOptions.builder()
                            .partSize(1000 + random.nextInt(50_000))
                            .concurrency(1 + random.nextInt(5))
                            .build())
                    .build();
            try (TransferManager transfers = managers.build()) {
                Throwable problem = catchThrowable(CompressedBlobs.of(store)
                        .upload(transfers, KEY, BlobSource.of(ByteBuffer.wrap(content)), options)::join);
                if (problem == null) {
                    assertHolds(content, "seed " + seed);
                } else {
                    failed++;
                    assertThat(problem).as("seed %d", seed).isInstanceOf(BlobStoreException.class);
                    assertHoldsOld("seed " + seed);
                }
            }
            assertThat(memory.openUploads()).isEmpty();
        }
        assertThat(failed).isPositive().isLessThan(rounds);
    }
}
