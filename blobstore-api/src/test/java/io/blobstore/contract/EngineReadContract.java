package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferListener;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the properties of a store on which parallel reads by {@link TransferManager} depend. */
abstract class EngineReadContract extends IncompleteUploadContract {
    private static final byte[] OLD = {1, 2, 3};

    private static DownloadOptions options(int concurrency, long partSize) {
        return DownloadOptions.builder()
                .concurrency(concurrency)
                .partSize(partSize)
                .build();
    }

    private ReadResult read(ByteRange range, BlobTarget target, DownloadOptions options) throws Exception {
        try (TransferManager reader = TransferManager.create()) {
            return reader.download(store, KEY, range, target, options).join();
        }
    }

    private void assertIsOf(ReadResult read, byte[] content) throws IOException {
        assertThat(read.length()).isEqualTo(content.length);
        assertThat(read.checksum()).isEqualTo(crc(content));
        assertThat(read.blob().key()).isEqualTo(KEY);
        assertThat(read.blob().version()).isEqualTo(store.head(KEY).version());
    }

    private static void assertSame(ByteBuffer actual, byte[] expected) {
        assertThat(actual.mismatch(ByteBuffer.wrap(expected))).isEqualTo(-1);
    }

    /** Creates a directory that contains only a file which a read is to replace. */
    private Path oldFile() throws IOException {
        return Files.write(Files.createTempDirectory(temporary, "target").resolve("file"), OLD);
    }

    private static void assertOnly(Path file, byte[] content) throws IOException {
        assertThat(Arrays.mismatch(Files.readAllBytes(file), content)).isEqualTo(-1);
        try (Stream<Path> files = Files.list(file.getParent())) {
            assertThat(files).containsExactly(file);
        }
    }

    // ---- into memory and files

    @ParameterizedTest
    @CsvSource({"1, 65536", "8, 65536", "1, 1000003", "8, 1000003", "8, 67108864"})
    void aBlobIsReadInParallelIntoBuffers(int concurrency, long partSize) throws Exception {
        byte[] content = bytes(largeSize(), concurrency);
        store.store(KEY, source(content));
        for (ByteBuffer target :
                List.of(ByteBuffer.allocateDirect(content.length + 10), ByteBuffer.allocate(content.length + 10))) {
            ReadResult read = read(ByteRange.all(), BlobTarget.of(target.position(4)), options(concurrency, partSize));

            assertIsOf(read, content);
            assertChecksum(read.blob().checksum(), content);
            assertThat(target.position()).isEqualTo(4 + content.length);
            assertThat(target.limit()).isEqualTo(content.length + 10);
            assertSame(target.slice(4, content.length), content);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 65536", "8, 65536", "8, 1000003", "8, 67108864"})
    void aBlobIsReadInParallelIntoAMappedFile(int concurrency, long partSize) throws Exception {
        byte[] content = bytes(largeSize(), concurrency);
        store.store(KEY, source(content));
        Path path = temporary.resolve("target");
        try (TransferManager reader = TransferManager.create()) {
            MappedFile file = MappedFile.create(path, content.length);
            Transfer<ReadResult> transfer =
                    reader.download(store, KEY, ByteRange.all(), file.region(), options(concurrency, partSize));
            file.close();

            assertIsOf(transfer.join(), content);
            assertThat(file.isReleased()).isTrue();
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(path), content)).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"1, 65536", "8, 65536", "8, 1000003", "8, 67108864"})
    void aBlobIsReadInParallelIntoAPath(int concurrency, long partSize) throws Exception {
        byte[] content = bytes(largeSize(), concurrency);
        store.store(KEY, source(content));
        Path path = oldFile();

        ReadResult read = read(ByteRange.all(), BlobTarget.ofPath(path), options(concurrency, partSize));

        assertIsOf(read, content);
        assertChecksum(read.blob().checksum(), content);
        assertOnly(path, content);
    }

    @Test
    void anEmptyBlobIsReadIntoAnything() throws Exception {
        store.store(KEY, source(new byte[0]));
        Path path = oldFile();
        ByteBuffer target = ByteBuffer.allocate(10).position(3);

        assertIsOf(read(ByteRange.all(), BlobTarget.ofPath(path), DownloadOptions.DEFAULT), new byte[0]);
        assertIsOf(read(ByteRange.all(), BlobTarget.of(target), DownloadOptions.DEFAULT), new byte[0]);
        assertIsOf(read(ByteRange.all(), BlobTarget.of(ByteBuffer.allocate(0)), DownloadOptions.DEFAULT), new byte[0]);

        assertOnly(path, new byte[0]);
        assertThat(target.position()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 30, 99, 100, 1000})
    void everyKindOfRangeIsReadInParts(int partSize) throws Exception {
        byte[] content = bytes(100, 1);
        store.store(KEY, source(content));
        for (ByteRange range : List.of(
                ByteRange.of(10, 57),
                ByteRange.of(0, 100),
                ByteRange.of(100, 0),
                ByteRange.from(31),
                ByteRange.from(100),
                ByteRange.atMost(40, 1000),
                ByteRange.atMost(40, 7),
                ByteRange.atMost(100, 7),
                ByteRange.last(7),
                ByteRange.last(57),
                ByteRange.last(100),
                ByteRange.last(0))) {
            byte[] expected = bytesOf(range, content);
            Path path = oldFile();
            ByteBuffer target = ByteBuffer.allocateDirect(100);

            assertIsOf(read(range, BlobTarget.of(target), options(3, partSize)), expected);
            assertIsOf(read(range, BlobTarget.ofPath(path), options(3, partSize)), expected);

            assertSame(target.flip(), expected);
            assertOnly(path, expected);
        }
    }

    // ---- failures

    /** Asserts that reads into a buffer and a path fail, and leave both unchanged. */
    private void assertFails(Class<? extends Exception> problem, ByteRange range, DownloadOptions options)
            throws Exception {
        ByteBuffer target = ByteBuffer.allocateDirect(largeSize() * 2).position(5);
        assertThatExceptionOfType(problem).isThrownBy(() -> read(range, BlobTarget.of(target), options));
        assertThat(target.position()).isEqualTo(5);
        assertThat(target.limit()).isEqualTo(largeSize() * 2);
        Path path = oldFile();
        assertThatExceptionOfType(problem).isThrownBy(() -> read(range, BlobTarget.ofPath(path), options));
        assertOnly(path, OLD);
    }

    @Test
    void aRangeBeyondTheEndIsRefusedInPartsToo() throws Exception {
        store.store(KEY, source(bytes(100, 1)));
        for (int partSize : new int[] {10, 1000}) {
            for (ByteRange range : List.of(
                    ByteRange.of(0, 101),
                    ByteRange.of(101, 0),
                    ByteRange.from(101),
                    ByteRange.atMost(101, 10),
                    ByteRange.from(Long.MAX_VALUE - 1))) {
                assertFails(RangeNotSatisfiableException.class, range, options(2, partSize));
            }
        }
    }

    @Test
    void aMissingBlobIsNotReadInParts() throws Exception {
        assertFails(BlobNotFoundException.class, ByteRange.all(), options(2, 10));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 99, 1000})
    void aTargetTooSmallIsRefusedInPartsToo(int partSize) throws Exception {
        store.store(KEY, source(bytes(100, 1)));
        ByteBuffer target = ByteBuffer.allocate(109).position(10);

        ThrowingCallable read = () -> read(ByteRange.all(), BlobTarget.of(target), options(2, partSize));

        assertThatExceptionOfType(RangeNotSatisfiableException.class).isThrownBy(read);
        assertThat(target.position()).isEqualTo(10);
    }

    @Test
    void anotherVersionThanTheOneWantedIsNotRead() throws Exception {
        ReadOptions first =
                ReadOptions.ifMatch(store.store(KEY, source(bytes(100, 1))).version());
        store.store(KEY, source(bytes(100, 2)));

        assertFails(
                PreconditionFailedException.class,
                ByteRange.all(),
                options(2, 10).toBuilder().read(first).build());
    }

    @Test
    void aBlobThatWasDamagedIsNotReadInParts() throws Exception {
        store.store(KEY, source(bytes(1000, 1)));
        assumeTrue(keepsChecksums(), "the store keeps no checksums");
        assumeTrue(damage(KEY), "the test cannot access the stored bytes");

        assertFails(IntegrityException.class, ByteRange.all(), options(3, 100));
        assertFails(IntegrityException.class, ByteRange.all(), options(3, 10_000));
    }

    // ---- changes during a read

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 3", "8, 0", "8, 5", "8, 9"})
    void aBlobThatIsReplacedInMidReadIsNeverMixed(int concurrency, int before) throws Exception {
        byte[] first = bytes(1000, 1);
        for (byte[] second : List.of(bytes(1000, 2), bytes(2000, 3), bytes(10, 4), new byte[0])) {
            store.store(KEY, source(first));
            AtomicInteger parts = new AtomicInteger();
            // After so many parts have arrived; parts in flight may have begun before.
            TransferListener replacing = new TransferListener() {
                @Override
                public void onProgress(TransferProgress progress) {
                    if (parts.getAndIncrement() == before) {
                        // On another thread: this one is interrupted if another worker has failed already.
                        CompletableFuture.runAsync(() -> replace(second)).join();
                    }
                }
            };
            DownloadOptions options =
                    options(concurrency, 100).toBuilder().listener(replacing).build();
            Path path = oldFile();

            Throwable problem = catchThrowable(() -> read(ByteRange.all(), BlobTarget.ofPath(path), options));

            if (problem == null) { // all other requests had begun by then, or the version can still be read
                assertThat(concurrency > 1 || readsReplacedVersions()).isTrue();
                assertOnly(path, first);
            } else {
                assertThat(problem)
                        .isInstanceOf(
                                readsVersionsAtomically()
                                        ? PreconditionFailedException.class
                                        : BlobStoreException.class);
                assertOnly(path, OLD);
            }
            assertHolds(KEY, second);
        }
    }

    private void replace(byte[] content) {
        try {
            store.store(KEY, source(content));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aBlobThatIsDeletedInMidReadIsReadAsItWasOrNotAtAll() throws Exception {
        byte[] content = bytes(1000, 1);
        store.store(KEY, source(content));
        ForwardingBlobStore deleting = new ForwardingBlobStore(store) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                if (range.offset() >= 500) {
                    delegate().delete(key);
                }
                return super.read(key, range, target, options);
            }
        };
        Path path = oldFile();
        try (TransferManager reader = TransferManager.create()) {
            Transfer<ReadResult> transfer =
                    reader.download(deleting, KEY, ByteRange.all(), BlobTarget.ofPath(path), options(3, 100));

            Throwable problem = catchThrowable(transfer::join);

            if (problem == null && readsReplacedVersions()) {
                assertOnly(path, content);
                return;
            }
            assertThat(problem).isInstanceOfAny(BlobNotFoundException.class, PreconditionFailedException.class);
        }
        assertOnly(path, OLD);
    }

    @Test
    void aCancelledReadLeavesAllOrNothing() throws Exception {
        byte[] content = bytes(largeSize(), 5);
        store.store(KEY, source(content));
        try (TransferManager reader = TransferManager.create()) {
            for (int round = 0; round < 20; round++) {
                Path path = oldFile();
                MappedFile file = MappedFile.create(path.resolveSibling("mapped"), content.length);
                Transfer<ReadResult> intoPath =
                        reader.download(store, KEY, ByteRange.all(), BlobTarget.ofPath(path), options(4, 65_536));
                Transfer<ReadResult> intoMemory =
                        reader.download(store, KEY, ByteRange.all(), file.region(), options(4, 65_536));
                while (intoPath.progress().partsTransferred() < round) {
                    Thread.onSpinWait();
                }
                intoMemory.cancel();
                intoPath.cancel();
                file.close();
                Throwable problem = catchThrowable(intoMemory::join);
                assertThat(problem == null || problem instanceof CancellationException)
                        .as("%s", problem)
                        .isTrue();
                assertThat(file.isReleased()).isTrue();
                Files.delete(path.resolveSibling("mapped"));
                Throwable ofPath = catchThrowable(intoPath::join);
                assertThat(ofPath == null || ofPath instanceof CancellationException)
                        .as("%s", ofPath)
                        .isTrue();
                assertOnly(path, ofPath == null ? content : OLD);
            }
        }
    }
}
