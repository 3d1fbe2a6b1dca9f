package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about reading one blob, or ranges of it, and about missing ones. */
abstract class ReadContract extends StoreContract {
    @Test
    void anExactRangeIsRead() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertReads(ByteRange.of(0, 100), 0, 100);
        assertReads(ByteRange.of(0, 1), 0, 1);
        assertReads(ByteRange.of(99, 1), 99, 100);
        assertReads(ByteRange.of(10, 57), 10, 67);
        assertReads(ByteRange.of(10, 0), 10, 10);
        assertReads(ByteRange.of(100, 0), 100, 100);
    }

    @Test
    void aRangeToTheEndIsRead() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertReads(ByteRange.all(), 0, 100);
        assertReads(ByteRange.from(0), 0, 100);
        assertReads(ByteRange.from(31), 31, 100);
        assertReads(ByteRange.from(100), 100, 100);
    }

    @Test
    void aRangeOfAtMostSomeBytesEndsWithTheBlob() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertReads(ByteRange.atMost(0, 30), 0, 30);
        assertReads(ByteRange.atMost(90, 30), 90, 100);
        assertReads(ByteRange.atMost(0, Long.MAX_VALUE), 0, 100);
        assertReads(ByteRange.atMost(100, 30), 100, 100);
        assertReads(ByteRange.atMost(5, 0), 5, 5);
    }

    @Test
    void aSuffixHasTheLastBytesOrAllOfThem() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertReads(ByteRange.last(30), 70, 100);
        assertReads(ByteRange.last(1), 99, 100);
        assertReads(ByteRange.last(100), 0, 100);
        assertReads(ByteRange.last(0), 100, 100);
    }

    @Test
    void aRangeOfAtMostSomeBytesEndsWithTheTarget() throws IOException {
        store.store(KEY, source(HUNDRED));
        ByteBuffer target = ByteBuffer.allocate(8);

        store.read(KEY, ByteRange.atMost(20, 50), target);

        assertThat(target.position()).isEqualTo(8);
        assertThat(target.array()).isEqualTo(Arrays.copyOfRange(HUNDRED, 20, 28));
    }

    @Test
    void anEmptyBlobHasEmptyRangesOnly() throws IOException {
        store.store(KEY, source(new byte[0]));
        ByteBuffer target = ByteBuffer.allocate(10);

        for (ByteRange range :
                List.of(ByteRange.all(), ByteRange.of(0, 0), ByteRange.from(0), ByteRange.atMost(0, 10))) {
            assertThat(store.read(KEY, range, target).length()).isZero();
            assertThat(target.position()).isZero();
        }
        assertRefused(ByteRange.of(0, 1));
        assertRefused(ByteRange.from(1));
    }

    @Test
    void aSuffixOfAnEmptyBlobIsEmpty() throws IOException {
        store.store(KEY, source(new byte[0]));
        ByteBuffer target = ByteBuffer.allocate(10);

        for (ByteRange range : List.of(ByteRange.last(10), ByteRange.last(0))) {
            assertThat(store.read(KEY, range, target).length()).isZero();
            assertThat(target.position()).isZero();
        }
    }

    @Test
    void aRangeBeyondTheEndIsRefused() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertRefused(ByteRange.of(0, 101));
        assertRefused(ByteRange.of(99, 2));
        assertRefused(ByteRange.of(101, 0));
        assertRefused(ByteRange.of(1000, 10));
        assertRefused(ByteRange.from(101));
        assertRefused(ByteRange.atMost(101, 10));
    }

    @Test
    void aTargetTooSmallForTheRestOfTheBlobIsRefused() throws IOException {
        store.store(KEY, source(HUNDRED));
        ByteBuffer target = ByteBuffer.allocate(200).position(3).limit(102);

        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> store.read(KEY, ByteRange.all(), target));

        assertThat(target.position()).isEqualTo(3);
        assertThat(target.limit()).isEqualTo(102);
    }

    @Test
    void aTargetTooSmallForAnExactRangeIsRefusedBeforeAnyRequest() {
        // The key has no blob: a store that had sent a request would report that.
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.read(KEY, ByteRange.of(0, 11), ByteBuffer.allocate(10)));
    }

    @Test
    void aReadOnlyTargetIsRefusedBeforeAnyRequest() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        store.read(KEY, ByteRange.all(), ByteBuffer.allocate(10).asReadOnlyBuffer()));
    }

    @Test
    void aReadFillsTheTargetFromItsPositionOnAndNoFurther() throws IOException {
        store.store(KEY, source(HUNDRED));
        for (ByteBuffer target : List.of(
                ByteBuffer.allocate(60),
                ByteBuffer.allocateDirect(60),
                ByteBuffer.allocate(80).slice(11, 60),
                ByteBuffer.allocateDirect(80).slice(11, 60))) {
            byte[] expected = new byte[60];
            System.arraycopy(HUNDRED, 30, expected, 7, 20);

            ReadResult read =
                    store.read(KEY, ByteRange.of(30, 20), target.position(7).limit(50));

            assertThat(target.position()).isEqualTo(27);
            assertThat(target.limit()).isEqualTo(50);
            byte[] actual = new byte[60];
            target.clear().get(actual);
            assertThat(actual).isEqualTo(expected);
            assertOfPart(read.blob(), store.head(KEY));
            assertThat(read.length()).isEqualTo(20);
            assertThat(read.checksum()).isEqualTo(crc(Arrays.copyOfRange(HUNDRED, 30, 50)));
        }
    }

    @Test
    void aReadFillsAMappedFile() throws IOException {
        byte[] content = bytes(largeSize(), 12);
        store.store(KEY, source(content));
        Path path = temporary.resolve("target");
        try (MappedFile file = MappedFile.create(path, content.length);
                Lease lease = file.region().acquireWritable()) {
            store.read(KEY, ByteRange.all(), lease.buffers().get(0));
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(path), content)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 1000})
    void aReadFillsAWindowPieceByPieceAndNoFurther(int pieceSize) throws IOException {
        store.store(KEY, source(HUNDRED));
        for (ByteRange range : List.of(
                ByteRange.all(),
                ByteRange.of(0, 100),
                ByteRange.of(30, 50),
                ByteRange.from(93),
                ByteRange.from(100),
                ByteRange.atMost(20, 1000),
                ByteRange.last(33),
                ByteRange.last(110),
                ByteRange.of(50, 0))) {
            PiecesWindow window = new PiecesWindow(120, pieceSize);
            byte[] expected = bytesOf(range, HUNDRED);

            ReadResult read = store.read(KEY, range, window, ReadOptions.DEFAULT);

            assertThat(window.remaining()).isEqualTo(120 - expected.length);
            assertThat(window.bytes()).isEqualTo(expected);
            assertThat(read.length()).isEqualTo(expected.length);
            assertThat(read.checksum()).isEqualTo(crc(expected));
        }
    }

    @Test
    void aLargeReadFillsAWindowPieceByPiece() throws IOException {
        byte[] content = bytes(largeSize(), 14);
        store.store(KEY, source(content));
        PiecesWindow window = new PiecesWindow(content.length, 100_003);

        ReadResult read = store.read(KEY, ByteRange.all(), window, ReadOptions.DEFAULT);

        assertThat(Arrays.mismatch(window.bytes(), content)).isEqualTo(-1);
        assertThat(read.checksum()).isEqualTo(crc(content));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 200_000})
    void aWindowThatFailsEndsTheReadByItsOwnException(int at) throws IOException {
        byte[] content = bytes(largeSize(), 15);
        store.store(KEY, source(content));
        TargetException problem = new TargetException("the window", "the device is full", null);
        for (ByteRange range : List.of(ByteRange.all(), ByteRange.of(1, content.length - 1))) {
            PiecesWindow window = new PiecesWindow(content.length, 1000).failingAt(at, problem);

            assertThatThrownBy(() -> store.read(KEY, range, window, ReadOptions.DEFAULT))
                    .isSameAs(problem);

            ByteBuffer next = ByteBuffer.allocate(content.length);
            store.read(KEY, ByteRange.all(), next);
            assertThat(Arrays.mismatch(next.array(), content)).isEqualTo(-1);
        }
    }

    @Test
    void aReadOfOneVersionReturnsNoBytesOfAnother() throws IOException {
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();
        ByteBuffer target = ByteBuffer.allocate(200).position(9);
        store.read(KEY, ByteRange.all(), target.duplicate(), ReadOptions.ifMatch(first));

        store.store(KEY, source(bytes(100, 13)));

        Throwable problem = catchThrowable(() -> store.read(KEY, ByteRange.all(), target, ReadOptions.ifMatch(first)));
        if (problem == null && readsReplacedVersions()) {
            assertThat(target.flip().position(9)).isEqualTo(ByteBuffer.wrap(HUNDRED));
            return;
        }
        assertThat(problem)
                .isInstanceOfSatisfying(
                        PreconditionFailedException.class,
                        e -> assertThat(e.key()).contains(KEY));
        assertThat(target.position()).isEqualTo(9);
    }

    @Test
    void aReadOfTheWholeBlobVerifiesIt() throws IOException {
        store.store(KEY, source(HUNDRED));
        assumeTrue(keepsChecksums(), "the store keeps no checksums");
        assumeTrue(damage(KEY), "the test cannot access the stored bytes");
        ByteBuffer target = ByteBuffer.allocate(200).position(5);

        for (ByteRange whole :
                List.of(ByteRange.all(), ByteRange.of(0, 100), ByteRange.atMost(0, 150), ByteRange.last(100))) {
            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> store.read(KEY, whole, target))
                    .satisfies(e -> assertThat(e.key()).contains(KEY));
            assertThat(target.position()).isEqualTo(5);
        }
        assertThat(store.read(KEY, ByteRange.of(0, 99), target).length())
                .as("a part cannot be verified")
                .isEqualTo(99);
    }

    private void assertReads(ByteRange range, int from, int to) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(100);

        ReadResult read = store.read(KEY, range, target);

        assertThat(target.position()).as("bytes of %s", range).isEqualTo(to - from);
        assertThat(Arrays.copyOf(target.array(), to - from))
                .as("content of %s", range)
                .isEqualTo(Arrays.copyOfRange(HUNDRED, from, to));
        assertThat(read.blob().size()).isEqualTo(100);
        assertThat(read.length()).isEqualTo(to - from);
        assertThat(read.checksum()).isEqualTo(crc(Arrays.copyOfRange(HUNDRED, from, to)));
    }

    private void assertRefused(ByteRange range) {
        ByteBuffer target = ByteBuffer.allocate(2000).position(6);

        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .as("%s", range)
                .isThrownBy(() -> store.read(KEY, range, target))
                .satisfies(e -> assertThat(e.key()).contains(KEY));

        assertThat(target.position()).isEqualTo(6);
    }

    // ---- missing blobs

    @Test
    void aBlobThatIsMissingIsReportedByItsKey() {
        ByteBuffer target = ByteBuffer.allocate(10).position(4);
        requireMissing(Operation.HEAD, () -> store.head(KEY));
        requireMissing(Operation.READ, () -> store.read(KEY, ByteRange.all(), target));
        requireMissing(Operation.READ, () -> store.read(KEY, ByteRange.of(0, 0), target));
        requireMissing(Operation.COPY, () -> store.copy(KEY, OTHER));
        assertThat(target.position()).isEqualTo(4);
        assertMissing(OTHER);
    }

    private static void requireMissing(Operation operation, ThrowingCallable call) {
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(call).satisfies(e -> {
            assertThat(e.key()).contains(KEY);
            assertThat(e.operation()).isEqualTo(operation);
            assertThat(e).hasMessageStartingWith(operation + " '" + KEY + "': ");
            assertThat(e.isRetryable()).isFalse();
        });
    }
}
