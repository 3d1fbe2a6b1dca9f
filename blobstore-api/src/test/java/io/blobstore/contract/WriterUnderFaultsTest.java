package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.FakeClock;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fails every request of a writer in turn, and compares the stored content with what was written. */
@ExtendWith(LeakCheck.class)
class WriterUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final byte[] OLD = ContractFixture.bytes(10, 1);
    private static final int PART = 2000;
    private static final int PARTS = 7;
    private static final byte[] CONTENT = ContractFixture.bytes(PART * (PARTS - 1) + 1, 2);
    /** The number of requests: one to create the upload, one for each part, one to complete. */
    private static final int REQUESTS = PARTS + 2;

    private static final int HEADER = 100;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private final TransferManager.Builder managers = new FakeClock().managers(1);

    private static void write(TransferManager transfers, BlobStore store, UploadOptions options, byte[] content)
            throws IOException {
        try (BlobWriter writer = transfers.openWriter(store, KEY, TransferProgress.UNKNOWN, options)) {
            writer.reserve(HEADER);
            for (int at = HEADER; at < content.length; at += 700) {
                writer.write(ByteBuffer.wrap(content, at, Math.min(700, content.length - at)));
            }
            writer.setReserved(ByteBuffer.wrap(content, 0, HEADER));
            writer.complete();
        }
    }

    private static UploadOptions options(int concurrency) {
        return UploadOptions.builder().partSize(PART).concurrency(concurrency).build();
    }

    private void assertHolds(byte[] content, String when) throws IOException {
        byte[] stored = new byte[(int) memory.head(KEY).size()];
        memory.read(KEY, ByteRange.all(), ByteBuffer.wrap(stored));
        assertThat(stored).as(when).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({"ERROR, 1", "ERROR, 8", "RESPONSE_LOST, 1", "RESPONSE_LOST, 8", "THROTTLED, 1", "THROTTLED, 8"})
    void aWriterSurvivesTheFailureOfAnyRequest(Fault fault, int concurrency) throws IOException {
        try (TransferManager transfers = managers.build()) {
            for (int n = 1; n <= REQUESTS; n++) {
                memory.delete(KEY);
                FaultyBlobStore store =
                        FaultyBlobStore.over(memory).at(n, fault).build();
                write(transfers, store, options(concurrency), CONTENT);

                assertThat(store.injected(fault)).as("faults at request %d", n).isEqualTo(1);
                assertThat(store.requests()).as("requests, %d failed", n).isEqualTo(REQUESTS + 1);
                assertHolds(CONTENT, "request " + n + " failed");
                assertThat(memory.openUploads()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"FATAL_ERROR, 1", "FATAL_ERROR, 8"})
    void aPermanentFailureLeavesTheKeyAsItWas(Fault fault, int concurrency) throws IOException {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager transfers = managers.build()) {
            for (int n = 1; n <= REQUESTS; n++) {
                FaultyBlobStore store =
                        FaultyBlobStore.over(memory).at(n, fault).build();
                assertThatExceptionOfType(BlobStoreException.class)
                        .as("request %d", n)
                        .isThrownBy(() -> write(transfers, store, options(concurrency), CONTENT))
                        .withMessageContaining("rejects");
                assertThat(memory.openUploads()).as("request %d", n).isEmpty();
                assertHolds(OLD, "request " + n + " failed permanently");
            }
        }
    }

    @Test
    void aBitFlippedInAnyPartIsFound() throws IOException {
        memory.store(KEY, ByteBuffer.wrap(OLD));
        try (TransferManager transfers = managers.build()) {
            for (int part = 1; part <= PARTS; part++) {
                FaultyBlobStore store = FaultyBlobStore.over(memory)
                        .seed(part)
                        .at(Operation.UPLOAD_PART, part, Fault.FLIPPED_PART)
                        .build();
                assertThatExceptionOfType(IntegrityException.class)
                        .as("a flipped bit in part %d", part)
                        .isThrownBy(() -> write(transfers, store, options(4), CONTENT));
                assertThat(memory.openUploads()).isEmpty();
                assertHolds(OLD, "part " + part + " was damaged");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"5000", "500"})
    void aConditionIsCheckedWhenTheBlobBecomesVisible(int size) throws IOException {
        UploadOptions ifAbsent = options(2).toBuilder()
                .store(StoreOptions.builder()
                        .precondition(Precondition.ifAbsent())
                        .build())
                .build();
        try (TransferManager transfers = managers.build()) {
            byte[] content = ContractFixture.bytes(size, 3);
            write(transfers, memory, ifAbsent, content);
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(() -> write(transfers, memory, ifAbsent, CONTENT));
            assertHolds(content, "it was there before");
        }
        assertThat(memory.openUploads()).isEmpty();
    }

    @Test
    void aWriterStoresAllOrNothingWhateverHappens() throws IOException {
        int failed = 0;
        int stored = 0;
        for (long seed = 0; seed < CampaignScale.of(1000, 100); seed++) {
            memory.store(KEY, ByteBuffer.wrap(OLD));
            Random random = new Random(seed);
            byte[] content = ContractFixture.bytes(HEADER + random.nextInt(20_000), seed);
            FaultyBlobStore store = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.05)
                    .chance(Fault.FATAL_ERROR, 0.03)
                    .chance(Fault.FLIPPED_PART, 0.03)
                    .chanceOnlyFor(Operation.CREATE_UPLOAD, Operation.UPLOAD_PART, Operation.COMPLETE_UPLOAD)
                    .build();
            try (TransferManager transfers = managers.build()) {
                Throwable problem =
                        catchThrowable(() -> write(transfers, store, options(1 + random.nextInt(8)), content));
                if (problem == null) {
                    stored++;
                    assertHolds(content, "seed " + seed);
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
}
