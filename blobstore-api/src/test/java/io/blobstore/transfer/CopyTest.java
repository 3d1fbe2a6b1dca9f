package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies between two stores. */
@Timeout(120)
@ExtendWith(LeakCheck.class)
class CopyTest {
    private static final BlobKey FROM = BlobKey.of("from");
    private static final BlobKey TO = BlobKey.of("to");
    private static final int PART = 64 << 10;
    private static final int PARTS = 9;
    private static final byte[] CONTENT = content(PART * (PARTS - 1) + 1);
    private static final byte[] OLD = {1, 2, 3};

    private final InMemoryBlobStore source = new InMemoryBlobStore();
    private final InMemoryBlobStore target = new InMemoryBlobStore();
    private final TransferManager.Builder managers = new FakeClock().managers(1);

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new Random(size).nextBytes(content);
        return content;
    }

    private static UploadOptions.Builder options(int concurrency) {
        return UploadOptions.builder().partSize(PART).concurrency(concurrency);
    }

    private void put(byte[] content) throws IOException {
        source.store(
                FROM,
                BlobSource.of(ByteBuffer.wrap(content)),
                StoreOptions.builder()
                        .contentType("text/plain")
                        .cacheControl("no-cache")
                        .userMetadata("author", "kim")
                        .build());
    }

    private StoredBlob copy(BlobStore from, BlobStore to, UploadOptions options) throws Exception {
        try (TransferManager manager = managers.build()) {
            return manager.copy(from, FROM, to, TO, options).join();
        }
    }

    private void assertCopied(byte[] content) throws IOException {
        assertThat(target.readAllBytes(TO, 1 << 20)).isEqualTo(content);
        assertThat(target.openUploads()).isEmpty();
    }

    private void assertNothingChanged() throws IOException {
        assertThat(target.exists(TO)).isFalse();
        assertThat(target.openUploads()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "65536, 1", "65537, 2", "524289, 9"})
    void contentAndMetadataAreThoseOfTheBlob(int size, int parts) throws Exception {
        put(content(size));
        FaultyBlobStore requests = FaultyBlobStore.over(target).build();
        try (TransferManager manager = managers.build()) {
            Transfer<StoredBlob> transfer =
                    manager.copy(source, FROM, requests, TO, options(4).build());

            StoredBlob copy = transfer.join();

            BlobMetadata stored = target.head(TO);
            assertThat(copy.key()).isEqualTo(TO);
            assertThat(copy.version()).isEqualTo(stored.version());
            assertThat(stored.checksum()).isEqualTo(source.head(FROM).checksum());
            assertThat(stored.contentHeaders()).isEqualTo(source.head(FROM).contentHeaders());
            assertThat(stored.userMetadata()).isEqualTo(source.head(FROM).userMetadata());
            assertThat(transfer.progress().bytesTransferred()).isEqualTo(size);
            assertThat(transfer.progress().totalBytes()).isEqualTo(size);
            assertThat(transfer.progress().partsTransferred()).isEqualTo(parts);
        }
        assertThat(requests.requests(Operation.UPLOAD_PART)).isEqualTo(parts == 1 ? 0 : parts);
        assertCopied(content(size));
    }

    @Test
    void theOptionsAddToTheMetadataAndReplaceIt() throws Exception {
        put(OLD);
        StoreOptions own = StoreOptions.builder()
                .contentType("text/csv")
                .userMetadata("copied", "yes")
                .build();

        copy(source, target, options(1).store(own).build());

        BlobMetadata stored = target.head(TO);
        assertThat(stored.contentType()).contains("text/csv");
        assertThat(stored.cacheControl()).contains("no-cache");
        assertThat(stored.userMetadata())
                .containsEntry("author", "kim")
                .containsEntry("copied", "yes")
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, PART * 3})
    void thePreconditionHoldsForTheTarget(int size) throws Exception {
        put(content(size));
        target.store(TO, ByteBuffer.wrap(OLD));
        FaultyBlobStore requests = FaultyBlobStore.over(target).build();
        UploadOptions absent = options(2)
                .store(StoreOptions.builder()
                        .precondition(Precondition.ifAbsent())
                        .build())
                .build();

        assertThatExceptionOfType(BlobAlreadyExistsException.class).isThrownBy(() -> copy(source, requests, absent));

        assertThat(requests.requests(Operation.UPLOAD_PART)).isZero();
        assertCopied(OLD);
    }

    @Test
    void equalContentIsNotReadIfOnlyChangedContentIsCopied() throws Exception {
        put(CONTENT);
        UploadOptions ifChanged = options(2).ifChanged(true).build();
        FaultyBlobStore requests = FaultyBlobStore.over(source).build();

        assertThat(copy(requests, target, ifChanged).isUnchanged()).isFalse();
        int reads = requests.requests(Operation.READ);
        assertThat(copy(requests, target, ifChanged).isUnchanged()).isTrue();

        assertThat(reads).isEqualTo(PARTS);
        assertThat(requests.requests(Operation.READ)).isEqualTo(reads);
        target.store(TO, ByteBuffer.wrap(new byte[CONTENT.length]));
        assertThat(copy(requests, target, ifChanged).isUnchanged()).isFalse();
        assertCopied(CONTENT);
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR", "RESPONSE_LOST", "THROTTLED"})
    void anyRequestToTheTargetMayFailOnce(Fault fault) throws Exception {
        put(CONTENT);
        for (int n = 1; n <= PARTS + 2; n++) {
            target.delete(TO);
            FaultyBlobStore faulty = FaultyBlobStore.over(target).at(n, fault).build();

            copy(source, faulty, options(3).build());

            assertThat(faulty.injected(fault)).as("faults at request %d", n).isEqualTo(1);
            assertThat(target.readAllBytes(TO, 1 << 20)).isEqualTo(CONTENT);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ERROR", "TRUNCATED_READ", "THROTTLED"})
    void anyRequestToTheSourceMayFailOnce(Fault fault) throws Exception {
        put(CONTENT);
        for (int n = 2; n <= PARTS + 1; n++) { // the first is the one for the metadata
            target.delete(TO);
            FaultyBlobStore faulty = FaultyBlobStore.over(source).at(n, fault).build();

            copy(faulty, target, options(3).build());

            assertThat(faulty.injected(fault)).as("faults at request %d", n).isEqualTo(1);
            assertCopied(CONTENT);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aPermanentFailureOfEitherStoreLeavesNothing(int concurrency) throws Exception {
        put(CONTENT);
        for (int n = 1; n <= PARTS + 1; n++) {
            FaultyBlobStore from =
                    FaultyBlobStore.over(source).at(n, Fault.FATAL_ERROR).build();
            FaultyBlobStore to =
                    FaultyBlobStore.over(target).at(n, Fault.FATAL_ERROR).build();

            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> copy(from, target, options(concurrency).build()))
                    .withMessageContaining("rejects");
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> copy(source, to, options(concurrency).build()))
                    .withMessageContaining("rejects");
            assertNothingChanged();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, PART * 3})
    void damagedContentIsNotStored(int size) throws Exception {
        put(content(size));
        source.flipBit(FROM, size * 8L - 1);

        assertThatExceptionOfType(IntegrityException.class)
                .isThrownBy(() -> copy(source, target, options(2).build()));

        assertNothingChanged();
    }

    @Test
    void aBitThatIsFlippedOnItsWayToTheTargetIsFound() throws Exception {
        put(CONTENT);
        FaultyBlobStore faulty = FaultyBlobStore.over(target)
                .at(Operation.UPLOAD_PART, 3, Fault.FLIPPED_PART)
                .build();

        assertThatExceptionOfType(IntegrityException.class)
                .isThrownBy(() -> copy(source, faulty, options(2).build()));

        assertNothingChanged();
    }

    /** A source that is replaced before a part of it is read, and may keep no checksums. */
    private BlobStore replacedAt(int part, boolean checksums) {
        AtomicBoolean replaced = new AtomicBoolean();
        return new ForwardingBlobStore(source) {
            @Override
            public BlobMetadata head(BlobKey key) throws IOException {
                BlobMetadata blob = super.head(key);
                return checksums
                        ? blob
                        : blob.toBuilder().checksum(Optional.empty()).build();
            }

            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window window, ReadOptions options)
                    throws IOException {
                if (range.offset() == (long) part * PART && !replaced.getAndSet(true)) {
                    source.store(key, ByteBuffer.wrap(content(CONTENT.length + 1)));
                }
                return super.read(key, range, window, options);
            }
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PARTS - 1})
    void aBlobThatIsReplacedMeanwhileIsNotMixed(int part) throws Exception {
        put(CONTENT);

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(
                        () -> copy(replacedAt(part, true), target, options(1).build()));

        assertNothingChanged();
    }

    @Test
    void aSourceWithoutChecksumsIsAskedForItsVersionAtTheEnd() throws Exception {
        put(CONTENT);
        FaultyBlobStore requests =
                FaultyBlobStore.over(replacedAt(PARTS, false)).build();

        copy(requests, target, options(4).build());

        assertCopied(CONTENT);
        assertThat(requests.requests(Operation.HEAD)).isEqualTo(2);
    }

    @Test
    void aMissingBlobIsNotFound() {
        assertThatExceptionOfType(BlobNotFoundException.class)
                .isThrownBy(() -> copy(source, target, options(1).build()));
    }

    @Test
    void aCopyCannotBeResumed() throws Exception {
        put(OLD);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> copy(
                        source, target, options(1).resumable(Path.of("journal")).build()))
                .withMessageContaining("cannot be resumed");
    }

    @ParameterizedTest
    @CsvSource({"READ, 1", "READ, 4", "UPLOAD_PART, 1", "UPLOAD_PART, 4"})
    void aCancelledCopyLeavesNothing(Operation stalled, int concurrency) throws Exception {
        put(CONTENT);
        boolean reading = stalled == Operation.READ;
        FaultyBlobStore stalling = FaultyBlobStore.over(reading ? source : target)
                .chance(Fault.STALL, 1)
                .chanceOnlyFor(stalled)
                .build();
        try (TransferManager manager = managers.build()) {
            Transfer<StoredBlob> transfer = manager.copy(
                    reading ? stalling : source,
                    FROM,
                    reading ? target : stalling,
                    TO,
                    options(concurrency).build());
            for (int worker = 0; worker < concurrency; worker++) {
                stalling.awaitStall();
            }

            assertThat(transfer.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        }
        assertNothingChanged();
    }

    @Test
    void partsInMemoryAreWithinTheBudget() throws Exception {
        put(CONTENT);
        FaultyBlobStore from = FaultyBlobStore.over(source).build();
        FaultyBlobStore to = FaultyBlobStore.over(target)
                .chance(Fault.STALL, 1)
                .chanceOnlyFor(Operation.UPLOAD_PART)
                .build();
        try (TransferManager manager = managers.maxBytesInFlight(3 * PART).build()) {
            Transfer<StoredBlob> transfer =
                    manager.copy(from, FROM, to, TO, options(PARTS).build());
            for (int part = 0; part < 3; part++) {
                to.awaitStall();
            }
            assertThat(transfer.cancel()).isTrue();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(transfer::join);
        }
        assertThat(from.requests(Operation.READ)).isEqualTo(3);

        copy(from, target, options(PARTS).build());
        assertCopied(CONTENT);
    }

    @Test
    void memoryOfAPartIsDividedWithoutGaps() throws Exception {
        int size = (9 << 20) + 7;
        ByteBuffer content = ByteBuffer.wrap(content(size));
        try (PartMemory memory = PartMemory.take(size)) {
            int[] ends = {5, 4 << 20, (4 << 20) + 1, 8 << 20, size};
            int start = 0;
            for (int end : ends) {
                try (BlobTarget.Window window = memory.window(start, end - start)) {
                    window.put(content.slice(start, end - start));
                    assertThat(window.remaining()).isZero();
                }
                start = end;
            }

            assertThat(memory.content().size()).isEqualTo(size);
            assertThat(Crc32c.of(memory.content())).isEqualTo(Crc32c.of(content));
        }
    }
}
