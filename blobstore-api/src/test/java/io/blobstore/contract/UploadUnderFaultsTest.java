package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.FakeClock;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fails every request of an upload in turn, and compares the stored content with the source. */
@ExtendWith(LeakCheck.class)
class UploadUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final byte[] OLD = ContractFixture.bytes(10, 1);
    private static final int PART = 2000;
    private static final int PARTS = 7;
    private static final byte[] CONTENT = ContractFixture.bytes(PART * (PARTS - 1) + 1, 2);
    /** The number of requests: one to create the upload, one for each part, one to complete. */
    private static final int REQUESTS = PARTS + 2;

    private static final Set<Fault> RETRYABLE = EnumSet.of(Fault.ERROR, Fault.RESPONSE_LOST, Fault.THROTTLED);

    @TempDir
    Path temporary;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();

    private final FakeClock clock = new FakeClock();

    private final TransferManager.Builder uploaders = clock.managers(1);

    @ParameterizedTest
    @CsvSource({"ERROR, 1", "ERROR, 8", "RESPONSE_LOST, 1", "RESPONSE_LOST, 8", "THROTTLED, 1", "THROTTLED, 8"})
    void anUploadSurvivesTheFailureOfAnyRequest(Fault fault, int concurrency) throws Exception {
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            for (int n = 1; n <= REQUESTS; n++) {
                memory.delete(KEY);
                FaultyBlobStore store =
                        FaultyBlobStore.over(memory).at(n, fault).build();

                StoredBlob stored = uploader.upload(store, KEY, file.region(), options(concurrency))
                        .join();

                assertThat(store.injected(fault)).as("faults at request %d", n).isEqualTo(1);
                assertThat(store.requests()).as("requests, %d failed", n).isEqualTo(REQUESTS + 1);
                assertThat(stored.version()).isEqualTo(memory.head(KEY).version());
                assertHolds(CONTENT, "request " + n + " failed");
                assertThat(file.leases()).isZero();
            }
        }
        if (fault == Fault.THROTTLED) { // all workers wait that have something to send
            assertThat(clock.sleeps()).hasSizeGreaterThanOrEqualTo(REQUESTS);
            assertThat(clock.nanoTime())
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(REQUESTS).toNanos());
        } else {
            assertThat(clock.sleeps()).hasSize(REQUESTS);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR", "RESPONSE_LOST", "THROTTLED"})
    void anUploadOfOneRequestSurvivesItsFailure(Fault fault) throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory).at(1, fault).build();
        byte[] small = Arrays.copyOf(CONTENT, PART);
        try (TransferManager uploader = uploaders.build()) {
            uploader.upload(store, KEY, BlobSource.ofPath(file(small)), options(8))
                    .join();
        }
        assertThat(store.requests(Operation.STORE)).isEqualTo(2);
        assertHolds(small, "the request failed once");
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR", "RESPONSE_LOST", "THROTTLED"})
    void aConditionHoldsThoughTheCompletionIsRepeated(Fault fault) throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.COMPLETE_UPLOAD, 1, fault)
                .build();
        UploadOptions ifAbsent = options(2).toBuilder()
                .store(StoreOptions.builder()
                        .precondition(Precondition.ifAbsent())
                        .build())
                .build();
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            uploader.upload(store, KEY, file.region(), ifAbsent).join();
        }
        assertThat(store.requests(Operation.COMPLETE_UPLOAD)).isEqualTo(2);
        assertHolds(CONTENT, "the completion was repeated");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aPermanentFailureLeavesTheKeyAsItWas(int concurrency) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            for (int n = 1; n <= REQUESTS; n++) {
                FaultyBlobStore store =
                        FaultyBlobStore.over(memory).at(n, Fault.FATAL_ERROR).build();
                Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(concurrency));

                assertThatExceptionOfType(BlobStoreException.class)
                        .as("request %d", n)
                        .isThrownBy(transfer::join)
                        .withMessageContaining("rejects");
                assertThat(file.leases()).isZero();
                assertThat(store.injected(Fault.FATAL_ERROR)).isEqualTo(1);
                assertThat(memory.openUploads()).as("request %d", n).isEmpty();
                assertHolds(OLD, "request " + n + "  failed permanently");
            }
        }
        assertThat(clock.sleeps()).isEmpty();
    }

    @Test
    void aRequestThatFailsTooOftenFailsTheUpload() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .chance(Fault.ERROR, 1)
                .chanceOnlyFor(Operation.UPLOAD_PART)
                .build();
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(1));

            assertThatExceptionOfType(BlobStoreException.class).isThrownBy(transfer::join);
        }
        assertThat(store.requests(Operation.UPLOAD_PART)).isEqualTo(RetryPolicy.DEFAULT.maxAttempts());
        assertThat(memory.openUploads()).isEmpty();
    }

    @Test
    void anAbortThatFailsIsSuppressedInTheOriginalFailure() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.UPLOAD_PART, 3, Fault.FATAL_ERROR)
                .at(Operation.ABORT_UPLOAD, 1, Fault.FATAL_ERROR)
                .build();
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            Throwable problem = catchThrowable(uploader.upload(store, KEY, file.region(), options(1))::join);

            assertThat(problem).isInstanceOf(BlobStoreException.class).hasMessageContaining("upload part");
            assertThat(SuppressedFailures.of(problem))
                    .singleElement()
                    .satisfies(suppressed -> assertThat(suppressed).hasMessageContaining("abort"));
        }
        assertThat(memory.openUploads()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aBitFlippedInAnyPartIsFound(int concurrency) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            for (int part = 1; part <= PARTS; part++) {
                FaultyBlobStore store = FaultyBlobStore.over(memory)
                        .seed(part)
                        .at(Operation.UPLOAD_PART, part, Fault.FLIPPED_PART)
                        .build();
                Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(concurrency));

                assertThatExceptionOfType(IntegrityException.class)
                        .as("a flipped bit in part %d", part)
                        .isThrownBy(transfer::join);
                assertThat(store.injected(Fault.FLIPPED_PART)).isEqualTo(1);
                assertThat(memory.openUploads()).isEmpty();
                assertHolds(OLD, "part " + part + " was damaged");
            }
        }
    }

    @Test
    void anUploadSurvivesManyFailures() throws Exception {
        int faults = 0;
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            byte[] content = ContractFixture.bytes(random.nextInt(200_000), seed);
            FaultyBlobStore.Builder faulty = FaultyBlobStore.over(memory).seed(seed);
            RETRYABLE.forEach(fault -> faulty.chance(fault, 0.15));
            FaultyBlobStore store = faulty.build();
            UploadOptions options = UploadOptions.builder()
                    .partSize(1024 + random.nextInt(30_000))
                    .concurrency(1 + random.nextInt(8))
                    .retry(RetryPolicy.builder().maxAttempts(100).build())
                    .build();
            Path path = file(content);
            try (TransferManager uploader = uploaders.build();
                    MappedFile file = MappedFile.open(path)) {
                BlobSource source = random.nextBoolean() ? file.region() : BlobSource.ofPath(path);
                uploader.upload(store, KEY, source, options).join();
                assertThat(file.leases()).isZero();
            }
            faults += store.injected();
            assertHolds(content, "seed " + seed);
            assertThat(memory.openUploads()).as("seed %d", seed).isEmpty();
        }
        assertThat(faults).isGreaterThan(100);
    }

    @Test
    void anUploadStoresAllOrNothingWhateverHappens() throws Exception {
        int failed = 0;
        int stored = 0;
        for (long seed = 0; seed < 60; seed++) {
            memory.store(KEY, ByteBuffer.wrap(OLD));
            FaultyBlobStore store = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.05)
                    .chance(Fault.FATAL_ERROR, 0.03)
                    .chance(Fault.FLIPPED_PART, 0.03)
                    .chanceOnlyFor(Operation.CREATE_UPLOAD, Operation.UPLOAD_PART, Operation.COMPLETE_UPLOAD)
                    .build();
            try (TransferManager uploader = uploaders.build();
                    MappedFile file = MappedFile.open(file(CONTENT))) {
                Throwable problem =
                        catchThrowable(uploader.upload(store, KEY, file.region(), options(1 + (int) seed % 8))::join);

                assertThat(file.leases()).as("seed %d", seed).isZero();
                assertThat(memory.openUploads()).as("seed %d", seed).isEmpty();
                if (problem == null) {
                    stored++;
                    assertHolds(CONTENT, "seed " + seed);
                } else {
                    failed++;
                    assertThat(problem).as("seed %d", seed).isInstanceOf(BlobStoreException.class);
                    assertHolds(OLD, "seed " + seed);
                }
            }
        }
        assertThat(failed).isPositive();
        assertThat(stored).isPositive();
    }

    @ParameterizedTest
    @EnumSource(names = {"CREATE_UPLOAD", "UPLOAD_PART"})
    void aStalledUploadIsCancelled(Operation stalled) throws Exception {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        FaultyBlobStore store =
                FaultyBlobStore.over(memory).at(stalled, 1, Fault.STALL).build();
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(4));
            store.awaitStall();

            assertThat(transfer.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
            assertThat(file.leases()).isZero();
        }
        assertThat(memory.openUploads()).isEmpty();
        assertHolds(OLD, "the upload was cancelled");
    }

    @Test
    void aStalledPartHoldsUpTheCompletionOnly() throws Exception {
        FaultyBlobStore store = FaultyBlobStore.over(memory)
                .at(Operation.UPLOAD_PART, 1, Fault.STALL)
                .build();
        try (TransferManager uploader = uploaders.build();
                MappedFile file = MappedFile.open(file(CONTENT))) {
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(2));
            store.awaitStall();
            assertThat(transfer.toCompletableFuture()).isNotDone();

            store.releaseStalls();
            transfer.join();
        }
        assertHolds(CONTENT, "a part stalled");
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(temporary, "source", ".bin"), bytes);
    }

    private static UploadOptions options(int concurrency) {
        return UploadOptions.builder().partSize(PART).concurrency(concurrency).build();
    }

    private void assertHolds(byte[] expected, String because) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(expected.length + 1);
        memory.read(KEY, ByteRange.atMost(0, expected.length + 1), target);
        assertThat(target.flip()).as(because).isEqualTo(ByteBuffer.wrap(expected));
    }
}
