package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.TargetException;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about storing, reading, deleting and copying one blob. */
abstract class ReadWriteContract extends MetadataContract {
    private static final byte[] HUNDRED = bytes(100, 1);

    // ---- store

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 4095, 65_537, 1_000_003})
    void whatWasStoredIsRead(int size) throws IOException {
        byte[] content = bytes(size, size);

        StoredBlob stored = store.store(KEY, source(content));

        assertHolds(KEY, content);
        assertThat(stored.key()).isEqualTo(KEY);
        assertThat(stored.size()).isEqualTo(size);
        assertThat(stored.version()).isEqualTo(store.head(KEY).version());
        assertChecksum(stored.checksum(), content);
    }

    @Test
    void aLargeBlobIsStoredInOneRequest() throws IOException {
        byte[] content = bytes(largeSize(), 2);

        store.store(KEY, source(content));

        assertHolds(KEY, content);
    }

    @Test
    void allKindsOfBuffersAreStored() throws IOException {
        byte[] content = bytes(10_001, 3);
        byte[] part = Arrays.copyOfRange(content, 17, 9_000);
        List<ByteBuffer> buffers = List.of(
                ByteBuffer.wrap(content),
                direct(content),
                ByteBuffer.wrap(content).asReadOnlyBuffer(),
                ByteBuffer.wrap(content).position(17).limit(9_000),
                direct(content).position(17).limit(9_000),
                direct(content).slice(17, 9_000 - 17).asReadOnlyBuffer());
        for (ByteBuffer buffer : buffers) {
            byte[] expected = buffer.remaining() == content.length ? content : part;
            int position = buffer.position();
            int limit = buffer.limit();

            store.store(KEY, buffer);

            assertHolds(KEY, expected);
            assertThat(buffer.position()).as("position of %s", buffer).isEqualTo(position);
            assertThat(buffer.limit()).as("limit of %s", buffer).isEqualTo(limit);
        }
    }

    @Test
    void aMappedRegionIsStored() throws IOException {
        byte[] content = bytes(largeSize(), 4);
        try (MappedFile file = MappedFile.open(file(content))) {
            store.store(KEY, file.region());
            store.store(OTHER, file.region(4095, 70_000));

            assertThat(file.leases()).isZero();
        }
        assertHolds(KEY, content);
        assertHolds(OTHER, Arrays.copyOfRange(content, 4095, 74_095));
    }

    @Test
    void aPathIsStored() throws IOException {
        byte[] content = bytes(largeSize(), 5);
        BlobSource file = BlobSource.ofPath(file(content));

        store.store(KEY, file);
        store.store(OTHER, file.slice(1, 999_999));

        assertHolds(KEY, content);
        assertHolds(OTHER, Arrays.copyOfRange(content, 1, 1_000_000));
    }

    @Test
    void aConcatenationIsStored() throws IOException {
        byte[] content = bytes(600_000, 6);
        Path path = file(Arrays.copyOfRange(content, 100_000, 500_000));
        try (MappedFile tail = MappedFile.open(file(Arrays.copyOfRange(content, 500_000, 600_000)))) {
            store.store(
                    KEY,
                    BlobSource.concat(List.of(
                            source(Arrays.copyOf(content, 100_000)),
                            BlobSource.of(),
                            BlobSource.ofPath(path),
                            tail.region())));
        }
        assertHolds(KEY, content);
    }

    @Test
    void storingAgainReplacesTheWholeBlob() throws IOException {
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder()
                        .contentType("text/plain")
                        .userMetadata("a", "1")
                        .build());
        store.store(KEY, source(new byte[] {7}));

        assertHolds(KEY, new byte[] {7});
        assertThat(store.head(KEY).contentType()).isNotEqualTo(Optional.of("text/plain"));
        assertThat(store.head(KEY).userMetadata()).isEmpty();
    }

    @Test
    void contentTypeAndUserMetadataAreKept() throws IOException {
        Map<String, String> user =
                Map.of("name", "a value; with = signs", "other-name_2.x", "~!@#$%^&*()", "empty", "");
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder()
                        .contentType("text/plain; format=flowed")
                        .userMetadata(user)
                        .build());

        BlobMetadata head = store.head(KEY);
        assertThat(head.contentType()).contains("text/plain; format=flowed");
        assertThat(head.userMetadata()).isEqualTo(user);
        assertOfPart(store.read(KEY, ByteRange.of(0, 1), ByteBuffer.allocate(1)).blob(), head);
    }

    @Test
    void asMuchUserMetadataAsIsAllowedIsKept() throws IOException {
        String value = "x".repeat(StoreOptions.MAX_USER_METADATA_BYTES - 1);
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder().userMetadata("n", value).build());

        assertThat(store.head(KEY).userMetadata()).isEqualTo(Map.of("n", value));
    }

    @Test
    void eachStoreGivesAnotherVersion() throws IOException {
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();
        BlobVersion second = store.store(KEY, source(bytes(100, 7))).version();

        assertThat(second).isNotEqualTo(first);
        assertThat(store.head(KEY).version()).isEqualTo(second);
    }

    @Test
    void eachStoreOfEqualContentGivesAnotherVersion() throws IOException {
        assumeTrue(distinguishesEqualContent(), "the store's versions distinguish different contents only");
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();

        assertThat(store.store(KEY, source(HUNDRED)).version()).isNotEqualTo(first);
    }

    @Test
    void keysAreKeptAsTheyAre() throws IOException {
        // Composed and decomposed é, a letter in both cases, characters that URLs and file systems treat apart.
        List<String> names = List.of(
                        "\u00E9",
                        "e\u0301",
                        "Case",
                        "case",
                        "a b",
                        "a+b",
                        "a%20b",
                        "a?b",
                        "a#b",
                        "a&b=c",
                        "a\\b",
                        "a:b",
                        "a*b",
                        "~a",
                        ".a",
                        "a.",
                        "\u65E5\u672C",
                        "\uD83D\uDE00",
                        "\uFFFD",
                        "a//b",
                        "/a",
                        "a/",
                        "a/./b",
                        "a/../b",
                        "x".repeat(BlobKey.MAX_BYTES))
                .stream()
                .filter(this::supportsKey)
                .toList();
        assertThat(names).isNotEmpty();
        for (String name : names) {
            put(name, name.getBytes(StandardCharsets.UTF_8));
        }
        for (String name : names) {
            assertHolds(BlobKey.of(name), name.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(names(ListOptions.DEFAULT))
                .isEqualTo(names.stream().sorted(UTF_8_ORDER).toList());
    }

    // ---- changes of sources

    enum Change {
        TRUNCATED {
            @Override
            void apply(Path file) throws IOException {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(10);
                }
            }
        },
        REPLACED {
            @Override
            void apply(Path file) throws IOException {
                Path other = Files.write(file.resolveSibling("other"), bytes(300_000, 9));
                Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
                Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        },
        DELETED {
            @Override
            void apply(Path file) throws IOException {
                Files.delete(file);
            }
        };

        abstract void apply(Path file) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void aMappedFileThatChangedIsNotStored(Change change) throws IOException {
        store.store(KEY, source(HUNDRED));
        Path path = file(bytes(300_000, 8));
        try (MappedFile file = MappedFile.open(path)) {
            change.apply(path);

            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> store.store(KEY, file.region()))
                    .withMessageContaining(path.toString());
            assertThat(file.leases()).isZero();
        }
        assertHolds(KEY, HUNDRED);
    }

    @ParameterizedTest
    @EnumSource
    void aPathThatChangedIsNotStored(Change change) throws IOException {
        store.store(KEY, source(HUNDRED));
        Path path = file(bytes(300_000, 8));
        BlobSource source = BlobSource.ofPath(path);
        change.apply(path);

        assertThatExceptionOfType(SourceChangedException.class)
                .isThrownBy(() -> store.store(KEY, source))
                .withMessageContaining(path.toString());
        assertHolds(KEY, HUNDRED);
    }

    @Test
    void anEmptySourceThatChangedIsNotStored() throws IOException {
        Path path = file(new byte[0]);
        BlobSource source = BlobSource.ofPath(path);
        Files.write(path, HUNDRED);

        assertThatExceptionOfType(SourceChangedException.class).isThrownBy(() -> store.store(KEY, source));
        assertMissing(KEY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 9})
    void aSourceThatFailsHalfWayLeavesTheKeyAsItWas(int leasesBefore) throws IOException {
        store.store(KEY, source(HUNDRED));
        BlobSource content = new ScriptedSource(bytes(640_000, 10), 64_000, lease -> {
            if (lease == leasesBefore) {
                throw new IOException("the disk is gone");
            }
        });

        assertThatIOException()
                .isThrownBy(() -> store.store(KEY, content))
                .withStackTraceContaining("the disk is gone");

        assertHolds(KEY, HUNDRED);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 9})
    void anInterruptedStoreStoresAllOrNothing(int leasesBefore) throws IOException {
        store.store(KEY, source(HUNDRED));
        byte[] content = bytes(640_000, 11);
        BlobSource interrupting = new ScriptedSource(content, 64_000, lease -> {
            if (lease == leasesBefore) {
                Thread.currentThread().interrupt();
            }
        });

        Throwable problem = catchThrowable(() -> store.store(KEY, interrupting));
        Thread.interrupted(); // the contract does not say whether the store keeps or clears it

        if (problem == null) {
            assertHolds(KEY, content);
        } else {
            assertThat(problem).isInstanceOf(IOException.class);
            assertHolds(KEY, HUNDRED);
        }
    }

    // ---- read

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

    @Test
    void aDeletedBlobIsGone() throws IOException {
        store.store(KEY, source(HUNDRED));
        store.store(OTHER, source(HUNDRED));

        store.delete(KEY);

        assertMissing(KEY);
        assertHolds(OTHER, HUNDRED);
    }

    @Test
    void deletingAMissingBlobDoesNothing() throws IOException {
        store.store(OTHER, source(HUNDRED));

        store.delete(KEY);
        store.delete(KEY);

        assertHolds(OTHER, HUNDRED);
    }

    @Test
    void allBlobsOfAPrefixAreDeletedAndCounted() throws IOException {
        for (String name : List.of("logs/1", "logs/2", "logs/deep/3", "logs-4", "other")) {
            put(name, HUNDRED);
        }
        assertThat(store.deleteAll("none")).isZero();
        assertThat(store.deleteAll("logs/")).isEqualTo(3);
        assertThat(names(ListOptions.DEFAULT)).containsExactly("logs-4", "other");
        assertThat(store.deleteAll("lo")).isEqualTo(1);
        assertThat(store.deleteAll("other")).isEqualTo(1);
        assertThat(names(ListOptions.DEFAULT)).isEmpty();
    }

    @Test
    void deletingAllBlobsOfAnEmptyPrefixIsRefused() throws IOException {
        store.store(KEY, source(HUNDRED));

        assertThatIllegalArgumentException().isThrownBy(() -> store.deleteAll(""));

        assertHolds(KEY, HUNDRED);
    }

    // ---- conditions

    @Test
    void aStoreWithoutConditionsThrows() throws IOException {
        assumeTrue(store.capabilities().conditionalStore() == Support.NONE, "the store has preconditions");

        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent())));
        assertMissing(KEY);
    }

    @Test
    void ifAbsentStoresOnce() throws IOException {
        assumeConditions();
        StoredBlob first = store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent()));

        assertThatExceptionOfType(BlobAlreadyExistsException.class)
                .isThrownBy(() -> store.store(KEY, source(bytes(50, 14)), onlyIf(Precondition.ifAbsent())))
                .satisfies(e -> {
                    assertThat(e.key()).contains(KEY);
                    assertThat(e.isRetryable()).isFalse();
                });

        assertHolds(KEY, HUNDRED);
        assertThat(store.head(KEY).version()).isEqualTo(first.version());
    }

    @Test
    void ifAbsentStoresAgainAfterADeletion() throws IOException {
        assumeConditions();
        store.store(KEY, source(bytes(50, 14)));
        store.delete(KEY);

        store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifAbsent()));

        assertHolds(KEY, HUNDRED);
    }

    @Test
    void ofThreadsRacingWithIfAbsentOneWins() throws Exception {
        assumeConditionsInRaces(Precondition.ifAbsent());
        for (int round = 0; round < 10; round++) {
            BlobKey key = BlobKey.of("race-" + round);

            List<Finish<StoredBlob>> finishes = race(
                    8,
                    racer -> () ->
                            store.store(key, source(bytes(10_000 + racer, racer)), onlyIf(Precondition.ifAbsent())));

            assertOneWinner(finishes, key, BlobAlreadyExistsException.class);
        }
    }

    @Test
    void ifMatchStoresOverItsVersionOnly() throws IOException {
        assumeConditions();
        BlobVersion first = store.store(KEY, source(bytes(50, 15))).version();
        BlobVersion second = store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifMatch(first)))
                .version();

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.store(KEY, source(bytes(60, 16)), onlyIf(Precondition.ifMatch(first))))
                .satisfies(e -> assertThat(e.key()).contains(KEY));

        assertHolds(KEY, HUNDRED);
        assertThat(store.head(KEY).version()).isEqualTo(second);
    }

    @Test
    void ifMatchFailsWhereThereIsNoBlob() throws IOException {
        assumeConditions();
        BlobVersion deleted = store.store(KEY, source(HUNDRED)).version();
        store.delete(KEY);

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.store(KEY, source(HUNDRED), onlyIf(Precondition.ifMatch(deleted))));
        assertMissing(KEY);
    }

    @Test
    void ofThreadsRacingToReplaceAVersionOneWins() throws Exception {
        assumeConditionsInRaces(Precondition.ifMatch(new BlobVersion("any")));
        for (int round = 0; round < 10; round++) {
            BlobKey key = BlobKey.of("race-" + round);
            BlobVersion version = store.store(key, source(HUNDRED)).version();

            List<Finish<StoredBlob>> finishes = race(
                    8,
                    racer -> () -> store.store(
                            key, source(bytes(10_000 + racer, racer)), onlyIf(Precondition.ifMatch(version))));

            assertOneWinner(finishes, key, PreconditionFailedException.class);
        }
    }

    @Test
    void ofThreadsRacingWithoutConditionsOneLeavesItsWholeBlob() throws Exception {
        List<Finish<StoredBlob>> finishes =
                race(8, racer -> () -> store.store(KEY, source(bytes(100_000 + racer, racer))));

        assertThat(finishes).allSatisfy(finish -> assertThat(finish.problem()).isEmpty());
        int size = Math.toIntExact(store.head(KEY).size());
        assertHolds(KEY, bytes(size, size - 100_000));
    }

    private void assertOneWinner(
            List<Finish<StoredBlob>> finishes, BlobKey key, Class<? extends Throwable> whatTheOthersMeet)
            throws IOException {
        List<Finish<StoredBlob>> winners =
                finishes.stream().filter(finish -> finish.result().isPresent()).toList();
        assertThat(winners).as("winners for %s: %s", key, finishes).hasSize(1);
        assertThat(finishes.stream().flatMap(finish -> finish.problem().stream()))
                .hasSize(7)
                .allSatisfy(problem -> assertThat(problem).isInstanceOf(whatTheOthersMeet));
        int racer = winners.get(0).racer();
        assertHolds(key, bytes(10_000 + racer, racer));
        assertThat(store.head(key).version())
                .isEqualTo(winners.get(0).result().orElseThrow().version());
    }

    // ---- copy

    @Test
    void aCopyHasContentAndMetadata() throws IOException {
        byte[] content = bytes(largeSize(), 17);
        store.store(
                KEY,
                source(content),
                StoreOptions.builder()
                        .contentType("image/png")
                        .userMetadata("a", "1")
                        .build());

        StoredBlob copied = store.copy(KEY, OTHER);

        assertHolds(KEY, content);
        assertHoldsCopy(OTHER, content);
        assertThat(store.head(OTHER).contentType()).contains("image/png");
        assertThat(store.head(OTHER).userMetadata()).isEqualTo(Map.of("a", "1"));
        assertThat(copied.key()).isEqualTo(OTHER);
        assertThat(copied.size()).isEqualTo(content.length);
        assertThat(copied.version()).isEqualTo(store.head(OTHER).version());
        assertChecksumOfCopy(copied.checksum(), content);
    }

    @Test
    void aCopyReplacesItsTarget() throws IOException {
        store.store(KEY, source(HUNDRED));
        store.store(
                OTHER,
                source(bytes(500, 18)),
                StoreOptions.builder().userMetadata("old", "1").build());

        store.copy(KEY, OTHER);

        assertHoldsCopy(OTHER, HUNDRED);
        assertThat(store.head(OTHER).userMetadata()).isEmpty();
    }

    @Test
    void aCopyOntoItselfKeepsContentAndMetadata() throws IOException {
        store.store(
                KEY,
                source(HUNDRED),
                StoreOptions.builder().contentType("image/png").build());

        StoredBlob copied = store.copy(KEY, KEY);

        assertHoldsCopy(KEY, HUNDRED);
        assertThat(store.head(KEY).contentType()).contains("image/png");
        assertThat(copied.version()).isEqualTo(store.head(KEY).version());
    }

    @Test
    void aCopyOfAnEmptyBlobIsEmpty() throws IOException {
        store.store(KEY, source(new byte[0]));

        store.copy(KEY, OTHER);

        assertHoldsCopy(OTHER, new byte[0]);
    }

    @Test
    void aCopyOfAVersionThatIsGoneIsRefused() throws IOException {
        BlobVersion first = store.store(KEY, source(HUNDRED)).version();
        store.copy(KEY, OTHER, CopyOptions.builder().sourceVersion(first).build());
        store.store(KEY, source(bytes(50, 19)));

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> store.copy(
                        KEY, OTHER, CopyOptions.builder().sourceVersion(first).build()));

        assertHoldsCopy(OTHER, HUNDRED);
    }

    @Test
    void aCopyKeepsToTheConditionOnItsTarget() throws IOException {
        assumeConditions();
        store.store(KEY, source(HUNDRED));
        CopyOptions ifAbsent =
                CopyOptions.builder().precondition(Precondition.ifAbsent()).build();

        BlobVersion first = store.copy(KEY, OTHER, ifAbsent).version();
        store.store(KEY, source(bytes(50, 20)));
        assertThatExceptionOfType(BlobAlreadyExistsException.class).isThrownBy(() -> store.copy(KEY, OTHER, ifAbsent));
        assertHoldsCopy(OTHER, HUNDRED);

        CopyOptions ifFirst =
                CopyOptions.builder().precondition(Precondition.ifMatch(first)).build();
        store.copy(KEY, OTHER, ifFirst);
        assertHoldsCopy(OTHER, bytes(50, 20));
        store.store(KEY, source(HUNDRED));
        assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> store.copy(KEY, OTHER, ifFirst));
        assertHoldsCopy(OTHER, bytes(50, 20));
    }

    // ---- helpers

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

    /** Asserts the metadata of a response with a part of a blob, which may lack the checksum of the whole. */
    private static void assertOfPart(BlobMetadata read, BlobMetadata head) {
        assertThat(read).usingRecursiveComparison().ignoringFields("checksum").isEqualTo(head);
        assertThat(read.checksum().or(head::checksum)).isEqualTo(head.checksum());
    }

    private void assertRefused(ByteRange range) {
        ByteBuffer target = ByteBuffer.allocate(2000).position(6);

        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .as("%s", range)
                .isThrownBy(() -> store.read(KEY, range, target))
                .satisfies(e -> assertThat(e.key()).contains(KEY));

        assertThat(target.position()).isEqualTo(6);
    }
}
