package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.Sha256;
import io.blobstore.StoreOptions;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.internal.FrameFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads of compressed blobs of every format and writer's choice, by all ways to read a store. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class CompressedBlobsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int FRAME = 64 << 10;
    private static final byte[] CONTENT = GoldenContent.of("text", 7, 1_000_003);
    private static final FrameFiles FILES = FrameFiles.of(CONTENT, FRAME);

    private BlobStore store;
    private CountedReads counted;
    private CompressedBlobs blobs;

    @BeforeEach
    void open() throws IOException {
        store = BlobStores.open("mem:");
        counted = new CountedReads(store);
        blobs = CompressedBlobs.of(counted);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    /** A file, and whether it has a digest of its content. */
    record Stored(String name, byte[] bytes, boolean digest) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Stored> files() {
        return Stream.of(
                new Stored("casblob", FILES.casblob(), false),
                new Stored("casblob of content as it is", FILES.identity(), false),
                new Stored(
                        "casblob with digest",
                        FrameFiles.of(CONTENT, FRAME).withDigest().casblob(),
                        true),
                new Stored("seekable", FILES.seekable(), false),
                new Stored(
                        "seekable in frames of any size",
                        FrameFiles.of(CONTENT, 777).seekable(),
                        false),
                new Stored(
                        "seekable with digest",
                        FrameFiles.of(CONTENT, FRAME).withDigest().seekable(),
                        true),
                new Stored(
                        "seekable with checksums in its table",
                        FrameFiles.of(CONTENT, FRAME)
                                .withoutFrameChecksums()
                                .withTableChecksums()
                                .seekable(),
                        false));
    }

    private void store(byte[] file) throws IOException {
        store.store(
                KEY,
                BlobSource.of(ByteBuffer.wrap(file)),
                StoreOptions.builder().contentType("text/plain").build());
    }

    private byte[] read(ByteRange range, ByteBuffer target) throws IOException {
        blobs.contents().read(KEY, range, target);
        byte[] bytes = new byte[target.flip().remaining()];
        target.get(bytes);
        return bytes;
    }

    @ParameterizedTest
    @MethodSource("files")
    void propertiesAreThoseOfTheContent(Stored file) throws IOException {
        store(file.bytes());

        CompressedBlob blob = blobs.stat(KEY);
        assertThat(blob.stored()).isEqualTo(store.head(KEY));
        assertThat(blob.format())
                .isEqualTo(file.name().startsWith("casblob") ? FrameFormat.CASBLOB : FrameFormat.SEEKABLE);
        assertThat(blob.sha256().isPresent()).isEqualTo(file.digest());
        blob.sha256().ifPresent(digest -> assertThat(digest).isEqualTo(Sha256.of(ByteBuffer.wrap(CONTENT))));
        BlobMetadata content = blobs.contents().head(KEY);
        assertThat(content).isEqualTo(blob.content());
        assertThat(content.size()).isEqualTo(CONTENT.length);
        assertThat(content.contentType()).contains("text/plain");
        assertThat(content.checksum().isPresent()).isEqualTo(file.digest());
        assertThat(content.checksum().orElse(Crc32c.of(ByteBuffer.wrap(CONTENT))))
                .isEqualTo(Crc32c.of(ByteBuffer.wrap(CONTENT)));
    }

    @ParameterizedTest
    @MethodSource("files")
    void rangesAreThoseOfTheContent(Stored file) throws IOException {
        store(file.bytes());
        Random random = new Random(1);
        for (int i = 0; i < 300; i++) {
            int from = random.nextInt(CONTENT.length + 1);
            int length = random.nextInt(Math.min(3 * FRAME, CONTENT.length - from) + 1);
            ByteBuffer memory = i % 3 == 0 ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
            assertThat(read(ByteRange.of(from, length), memory))
                    .as("range of %s bytes at %s", length, from)
                    .isEqualTo(Arrays.copyOfRange(CONTENT, from, from + length));
        }
        assertThat(read(ByteRange.all(), ByteBuffer.allocateDirect(CONTENT.length + 1)))
                .isEqualTo(CONTENT);
        assertThat(read(ByteRange.from(CONTENT.length), ByteBuffer.allocate(5))).isEmpty();
        assertThat(read(ByteRange.atMost(CONTENT.length - 3, 10), ByteBuffer.allocate(10)))
                .isEqualTo(Arrays.copyOfRange(CONTENT, CONTENT.length - 3, CONTENT.length));
        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> read(ByteRange.of(CONTENT.length, 1), ByteBuffer.allocate(1)));
    }

    @ParameterizedTest
    @MethodSource("files")
    void downloadsAndReadersReadTheContent(Stored file, @TempDir Path directory) throws Exception {
        store(file.bytes());
        Path copy = directory.resolve("copy");
        Path mapped = directory.resolve("mapped");
        try (TransferManager transfers = TransferManager.create();
                MappedFile target = MappedFile.create(mapped, CONTENT.length);
                BlobReader reader = blobs.open(transfers, KEY)) {
            transfers
                    .download(blobs.contents(), KEY, ByteRange.all(), BlobTarget.ofPath(copy))
                    .join();
            transfers
                    .download(blobs.contents(), KEY, ByteRange.all(), target.region())
                    .join();

            assertThat(Files.readAllBytes(copy)).isEqualTo(CONTENT);
            assertThat(Files.readAllBytes(mapped)).isEqualTo(CONTENT);
            assertThat(reader.inputStream().readAllBytes()).isEqualTo(CONTENT);
        }
    }

    // ---- requests

    @Test
    void aRangeFetchesItsFramesAndTheTableOnce() throws IOException {
        byte[] file = FILES.seekable();
        store(file);
        read(ByteRange.of(FRAME + 10, 100), ByteBuffer.allocate(100));
        assertThat(counted.reads())
                .as("requests for the start, the end, and the frame")
                .isEqualTo(3);

        long before = counted.bytes();
        read(ByteRange.of(5 * FRAME - 10, 20), ByteBuffer.allocate(20));
        assertThat(counted.reads()).isEqualTo(4);
        assertThat(counted.bytes() - before).as("bytes of two frames").isLessThan(FRAME);
    }

    @Test
    void aTableThatIsLargerThanTheFirstRequestIsReadWhole() throws IOException {
        byte[] content = GoldenContent.of("text", 8, 300_000);
        for (byte[] file : List.of(FrameFiles.of(content, 30).withDigest().seekable())) {
            store(file);
            assertThat(read(ByteRange.of(299_000, 1000), ByteBuffer.allocate(1000)))
                    .isEqualTo(Arrays.copyOfRange(content, 299_000, 300_000));
            assertThat(blobs.stat(KEY).sha256()).contains(Sha256.of(ByteBuffer.wrap(content)));
        }
    }

    // ---- versions

    @Test
    void aBlobThatWasReplacedIsReadAnew() throws IOException {
        store(FILES.seekable());
        read(ByteRange.of(0, 10), ByteBuffer.allocate(10));
        byte[] other = GoldenContent.of("text", 9, 500_000);
        store(FrameFiles.of(other, FRAME).casblob());

        assertThat(read(ByteRange.of(0, 10), ByteBuffer.allocate(10))).isEqualTo(Arrays.copyOf(other, 10));
        assertThat(blobs.contents().head(KEY).size()).isEqualTo(other.length);
    }

    @Test
    void metadataOfABlobThatIsReplacedMeanwhileAreThoseOfTheNewOne() throws IOException {
        byte[] other = GoldenContent.of("text", 9, 500_000);
        BlobStore replacing = new ForwardingBlobStore(store) {
            @Override
            public BlobMetadata head(BlobKey key) throws IOException {
                BlobMetadata before = super.head(key);
                CompressedBlobsTest.this.store(FrameFiles.of(other, FRAME).casblob());
                return before;
            }
        };
        store(FILES.seekable());
        assertThat(CompressedBlobs.of(replacing).contents().head(KEY).size()).isEqualTo(other.length);
    }

    @Test
    void aVersionThatIsWantedIsTheOnlyOneRead() throws IOException {
        store(FILES.seekable());
        ReadOptions first = ReadOptions.ifMatch(blobs.contents().head(KEY).version());
        store(FILES.casblob());

        assertThatExceptionOfType(PreconditionFailedException.class)
                .isThrownBy(() -> blobs.contents().read(KEY, ByteRange.all(), ByteBuffer.allocate(2_000_000), first));
    }

    // ---- failures

    @Test
    void otherBlobsAreNotCompressed() throws IOException {
        for (byte[] other : List.of(new byte[0], new byte[100], CONTENT)) {
            store(other);
            assertThatExceptionOfType(NotCompressedException.class).isThrownBy(() -> blobs.stat(KEY));
            assertThatExceptionOfType(NotCompressedException.class)
                    .isThrownBy(() -> read(ByteRange.all(), ByteBuffer.allocate(10)));
        }
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> blobs.stat(BlobKey.of("missing")));
    }

    @ParameterizedTest
    @MethodSource("files")
    void aFlippedBitIsNeverDeliveredAsSuccess(Stored file) throws IOException {
        boolean unprotected = file.name().endsWith("as it is");
        Random random = new Random(2);
        int refused = 0;
        for (int i = 0; i < 200; i++) {
            byte[] damaged = file.bytes().clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            store(damaged);
            try {
                byte[] read = read(ByteRange.all(), ByteBuffer.allocateDirect(2 * CONTENT.length));
                if (!unprotected) { // a bit that no decoder looks at
                    assertThat(read).isEqualTo(CONTENT);
                }
            } catch (IntegrityException | NotCompressedException | RangeNotSatisfiableException e) {
                refused++;
            }
        }
        if (!unprotected) {
            assertThat(refused).isGreaterThan(150);
        }
    }

    @Test
    void contentThatDiffersFromItsDigestIsRefusedAsAWhole() throws IOException {
        for (byte[] file : List.of(
                FrameFiles.of(CONTENT, FRAME).withWrongDigest().casblob(),
                FrameFiles.of(CONTENT, FRAME).withWrongDigest().seekable())) {
            store(file);
            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> read(ByteRange.all(), ByteBuffer.allocate(CONTENT.length)));
            assertThat(read(ByteRange.of(0, 5), ByteBuffer.allocate(5))).isEqualTo(Arrays.copyOf(CONTENT, 5));
        }
    }

    @Test
    void theViewIsNotWrittenTo() throws IOException {
        store(FILES.seekable());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> blobs.contents().store(KEY, BlobSource.of()))
                .withMessageContaining("compressed");
        blobs.contents().close();
        assertThat(blobs.stat(KEY).content().size()).isEqualTo(CONTENT.length);
    }

    // ---- memory

    @Test
    void contentIsNotCopiedToTheHeap() throws IOException {
        byte[] content = GoldenContent.of("text", 3, 8 << 20);
        store(FrameFiles.of(content, 1 << 20).seekable());
        ByteBuffer target = ByteBuffer.allocateDirect(content.length);
        blobs.contents().read(KEY, ByteRange.all(), target);
        target.clear();

        long allocated = AllocatedBytes.of(() -> blobs.contents().read(KEY, ByteRange.all(), target));

        assertThat(allocated).isLessThan(64 << 10);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(content));
    }
}
