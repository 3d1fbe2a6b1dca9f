package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.UploadedPart;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.spi.ForwardingMultipartUpload;
import io.blobstore.spi.PartLayout;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A large object is stored in parts by several workers: once, whole or not at all, and without leftovers. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class PartsPutTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int MIB = 1 << 20;
    private static final int SIZE = 17 * MIB + 1;
    private static final int PARTS = 9;
    private static final RetryPolicy FAST = RetryPolicy.builder()
            .maxAttempts(8)
            .baseDelay(Duration.ofNanos(1))
            .maxDelay(Duration.ofNanos(1))
            .throttlingMaxDelay(Duration.ofNanos(1))
            .build();
    private static final Splitter ONE_OBJECT = (input, sink) -> sink.object(SIZE, "large");
    private static final ByteBuffer CONTENT =
            ByteBuffer.wrap(Fixture.files(1, 1, SIZE).get(0));

    private final InMemoryBlobStore store = memory();

    /** With small parts, so that small objects have many. */
    private static InMemoryBlobStore memory() {
        return new InMemoryBlobStore(InMemoryBlobStore.DEFAULT_CAPABILITIES.toBuilder()
                .maxPartSize(2 * MIB)
                .build());
    }

    private static Repository repository(BlobStore store) {
        return Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    }

    private static SplitOptions.Builder options() {
        return SplitOptions.builder().splitter(ONE_OBJECT).concurrency(4).retry(FAST);
    }

    private static SplitResult split(BlobStore store, SplitOptions options) throws Exception {
        try (TransferManager transfers = TransferManager.create()) {
            return SplitEngine.of(transfers)
                    .split(repository(store), "s", BlobSource.of(CONTENT), options)
                    .join(LIMIT);
        }
    }

    private void assertStored(SplitResult split) throws Exception {
        assertThat(split.progress().objectsStored()).isEqualTo(1);
        assertThat(store.openUploads()).isEmpty();
        try (TransferManager transfers = TransferManager.create()) {
            Fixture.assertSame(Fixture.merge(transfers, repository(store), "s", SIZE), CONTENT);
        }
    }

    private void assertNothingIsVisible() throws IOException {
        assertThat(store.openUploads()).isEmpty();
        assertThat(repository(store).streams()).isEmpty();
        assertThat(Fixture.objects(repository(store).objects())).isEmpty();
    }

    /** Does something before each part is sent. */
    private static BlobStore beforeParts(BlobStore store, Before before) {
        return new ForwardingBlobStore(store) {
            @Override
            public MultipartUpload createMultipartUpload(BlobKey key, PartLayout layout, StoreOptions options)
                    throws IOException {
                return new Hooked(super.createMultipartUpload(key, layout, options), before);
            }
        };
    }

    @FunctionalInterface
    private interface Before {
        void part(BlobKey key, int number) throws IOException;
    }

    private static final class Hooked extends ForwardingMultipartUpload {
        private final Before before;

        private Hooked(MultipartUpload upload, Before before) {
            super(upload);
            this.before = before;
        }

        @Override
        public UploadedPart uploadPart(int number, BlobSource content) throws IOException {
            before.part(key(), number);
            return super.uploadPart(number, content);
        }
    }

    @Test
    void severalWorkersSendTheParts() throws Exception {
        CountDownLatch together = new CountDownLatch(4);
        BlobStore meeting = beforeParts(store, (key, number) -> {
            together.countDown();
            try {
                if (!together.await(60, TimeUnit.SECONDS)) {
                    throw new IOException("fewer than four parts are in flight");
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        });
        assertStored(split(meeting, options().build()));
    }

    private void splitsWith(Executor executor) throws Exception {
        FaultyBlobStore counted = FaultyBlobStore.over(store).build();
        try (TransferManager transfers =
                TransferManager.builder().executor(executor).build()) {
            assertStored(SplitEngine.of(transfers)
                    .split(
                            repository(counted),
                            "s",
                            BlobSource.of(CONTENT),
                            options().build())
                    .join(LIMIT));
        }
        assertThat(counted.requests(Operation.UPLOAD_PART)).isEqualTo(PARTS);
    }

    @Test
    void theCallersThreadIsEnough() throws Exception {
        splitsWith(Runnable::run);
    }

    @Test
    void oneThreadIsEnough() throws Exception {
        ExecutorService one = Executors.newSingleThreadExecutor();
        try {
            splitsWith(one);
        } finally {
            one.shutdownNow();
        }
    }

    @Test
    void anyNumberOfThreadsSendsEachPartOnce() throws Exception {
        for (int threads = 1; threads <= 16; threads++) {
            InMemoryBlobStore memory = memory();
            FaultyBlobStore counted = FaultyBlobStore.over(memory).build();
            split(counted, options().concurrency(threads).build());
            assertThat(counted.requests(Operation.UPLOAD_PART)).isEqualTo(PARTS);
            assertThat(counted.requests(Operation.COMPLETE_UPLOAD)).isEqualTo(1);
        }
    }

    @Test
    void equalObjectsAreSentOnceAndSmallOnesWithOneRequest() throws Exception {
        byte[] large = Fixture.files(1, 1, SIZE).get(0);
        byte[] small = Fixture.files(2, 1, 16 * MIB).get(0);
        ByteBuffer tar = Fixture.tar(List.of(large, large, small, large));
        FaultyBlobStore counted = FaultyBlobStore.over(store).build();
        try (TransferManager transfers = TransferManager.create()) {
            SplitResult split = SplitEngine.of(transfers)
                    .split(
                            repository(counted),
                            "s",
                            BlobSource.of(tar),
                            SplitOptions.builder().concurrency(8).build())
                    .join(LIMIT);
            assertThat(split.progress().objectsStored()).isEqualTo(2);
            assertThat(split.progress().objectsPresent()).isEqualTo(2);
        }
        assertThat(counted.requests(Operation.CREATE_UPLOAD)).isEqualTo(1);
        assertThat(counted.requests(Operation.UPLOAD_PART)).isEqualTo(PARTS);
        // the session, the small object, the stream and its name
        assertThat(counted.requests(Operation.STORE)).isEqualTo(4);
    }

    // ---- faults

    @Test
    void aPartThatFailsFailsTheSplitAndAbortsTheUpload() throws Exception {
        for (int k = 1; k <= PARTS; k++) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .at(Operation.UPLOAD_PART, k, Fault.FATAL_ERROR)
                    .build();
            assertThatThrownBy(() -> split(faulty, options().build()))
                    .as("part %s", k)
                    .isInstanceOf(BlobStoreException.class);
            assertNothingIsVisible();
        }
        assertStored(split(store, options().build()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"CREATE_UPLOAD", "COMPLETE_UPLOAD"})
    void aFailureBeforeOrAfterThePartsAbortsTheUpload(Operation operation) throws Exception {
        FaultyBlobStore faulty =
                FaultyBlobStore.over(store).at(operation, 1, Fault.FATAL_ERROR).build();
        assertThatThrownBy(() -> split(faulty, options().build())).isInstanceOf(BlobStoreException.class);
        assertNothingIsVisible();
    }

    @Test
    void lostAnswersAndThrottlingAreRepeated() throws Exception {
        int injected = 0;
        for (int seed = 0; seed < CampaignScale.of(60, 3); seed++) {
            store.deleteAll("objects/");
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.1)
                    .chance(Fault.RESPONSE_LOST, 0.1)
                    .chance(Fault.THROTTLED, 0.1)
                    .chanceOnlyFor(Operation.UPLOAD_PART, Operation.COMPLETE_UPLOAD)
                    .retryAfter(Duration.ofNanos(1))
                    .build();
            assertStored(split(faulty, options().build()));
            injected += faulty.injected();
        }
        assertThat(injected).isPositive();
    }

    @Test
    void anotherWriterMayBeFaster() throws Exception {
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(CONTENT));
        BlobStore raced = beforeParts(store, (key, number) -> {
            if (number == PARTS) {
                repository(store).objects().put(id, BlobSource.of(CONTENT), false);
            }
        });
        SplitResult split = split(raced, options().build());
        assertThat(split.progress().objectsPresent()).isEqualTo(1);
        assertThat(split.progress().objectsStored()).isZero();
        assertThat(store.openUploads()).isEmpty();
        assertThat(Fixture.objects(repository(store).objects())).hasSize(2).contains(id);
    }

    @Test
    void aDamagedObjectIsReplacedInParts() throws Exception {
        assertStored(split(store, options().build()));
        ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(CONTENT));
        store.flipBit(BlobKey.of("objects/" + id.path()), 12_345_678);
        assertStored(split(store, options().heal(true).build()));
    }

    // ---- cancellation

    @Test
    void cancellingAbortsTheUpload() throws Exception {
        for (int k : new int[] {1, 2, PARTS}) {
            FaultyBlobStore stalling = FaultyBlobStore.over(store)
                    .at(Operation.UPLOAD_PART, k, Fault.STALL)
                    .build();
            try (TransferManager transfers = TransferManager.create()) {
                Transfer<SplitResult> split = SplitEngine.of(transfers)
                        .split(
                                repository(stalling),
                                "s",
                                BlobSource.of(CONTENT),
                                options().build());
                stalling.awaitStall();
                assertThat(store.openUploads()).hasSize(1);
                assertThat(split.cancel()).isTrue();
                assertThatThrownBy(() -> split.join(LIMIT)).isInstanceOf(CancellationException.class);
            }
            assertNothingIsVisible();
        }
    }

    @Test
    void cancellingAtAnyTimeLeavesNoUpload() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        int cancelled = 0;
        try (TransferManager transfers = TransferManager.create()) {
            for (int round = 0; round < CampaignScale.of(200, 15); round++) {
                InMemoryBlobStore memory = memory();
                Transfer<SplitResult> split = SplitEngine.of(transfers)
                        .split(
                                repository(memory),
                                "s",
                                BlobSource.of(CONTENT),
                                options().build());
                LockSupport.parkNanos(random.nextLong(40_000_000));
                split.cancel();
                try {
                    split.join(LIMIT);
                } catch (CancellationException e) {
                    cancelled++;
                    assertThat(repository(memory).streams()).isEmpty();
                }
                assertThat(memory.openUploads()).isEmpty();
            }
        }
        assertThat(cancelled).isPositive();
    }
}
