package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.github.luben.zstd.ZstdInputStream;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.RetainedSource;
import io.blobstore.Sha256;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferListener;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import io.blobstore.zstd.internal.Contents;
import io.blobstore.zstd.internal.FrameFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests what uploads of compressed blobs store, by independent writers and readers of the formats. */
@Tag("jdk")
@Timeout(120)
@ExtendWith(LeakCheck.class)
class CompressedUploadTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int FRAME = 64 << 10;

    @TempDir
    private Path directory;

    private BlobStore store;
    private CompressedBlobs blobs;
    private TransferManager transfers;

    @BeforeEach
    void open() throws IOException {
        store = BlobStores.open("mem:");
        blobs = CompressedBlobs.of(store);
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    private static CompressionOptions.Builder options(FrameFormat format) {
        return CompressionOptions.builder()
                .frameSize(FRAME)
                .format(format)
                .upload(UploadOptions.builder().partSize(100_000).build());
    }

    private byte[] stored() throws IOException {
        byte[] bytes = new byte[(int) store.head(KEY).size()];
        store.read(KEY, ByteRange.all(), ByteBuffer.wrap(bytes));
        return bytes;
    }

    private byte[] content() throws IOException {
        try (BlobReader reader = blobs.open(transfers, KEY)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) reader.size());
            while (bytes.hasRemaining()) {
                reader.read(bytes);
            }
            return bytes.array();
        }
    }

    /** Decodes as any program does that knows zstd, but not these formats. */
    private static byte[] decodeAsStream(byte[] file) throws IOException {
        try (ZstdInputStream in = new ZstdInputStream(new ByteArrayInputStream(file))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "CASBLOB, 1",
        "CASBLOB, 65535",
        "CASBLOB, 65536",
        "CASBLOB, 65537",
        "CASBLOB, 1000003",
        "SEEKABLE, 0",
        "SEEKABLE, 1",
        "SEEKABLE, 65535",
        "SEEKABLE, 65536",
        "SEEKABLE, 65537",
        "SEEKABLE, 1000003"
    })
    void whatIsStoredIsTheFileThatTheSpecificationsDescribe(FrameFormat format, int size) throws Exception {
        byte[] content = Contents.text(size, size);
        ByteBuffer bytes = ByteBuffer.wrap(content);
        CompressionResult result = blobs.upload(
                        transfers,
                        KEY,
                        BlobSource.of(Contents.direct(content)),
                        options(format).build())
                .join();

        FrameFiles expected = FrameFiles.of(content, FRAME).withDigest();
        assertThat(stored()).isEqualTo(format == FrameFormat.CASBLOB ? expected.casblob() : expected.seekable());
        assertThat(decodeAsStream(stored())).isEqualTo(content);
        assertThat(content()).isEqualTo(content);

        assertThat(result.format()).isEqualTo(format);
        assertThat(result.contentSize()).isEqualTo(size);
        assertThat(result.storedSize()).isEqualTo(stored().length);
        assertThat(result.sha256()).isEqualTo(Sha256.of(bytes));
        assertThat(result.crc32c()).isEqualTo(Crc32c.of(bytes));
        CompressedBlob blob = blobs.stat(KEY);
        assertThat(blob.format()).isEqualTo(format);
        assertThat(blob.sha256()).contains(result.sha256());
        assertThat(blob.content().checksum()).contains(result.crc32c());
        assertThat(blob.stored().version()).isEqualTo(result.stored().version());
    }

    @Test
    void emptyContentIsStoredAsSeekableWhateverTheFormat() throws Exception {
        CompressionResult result = blobs.upload(
                        transfers,
                        KEY,
                        BlobSource.of(ByteBuffer.allocate(0)),
                        options(FrameFormat.CASBLOB).build())
                .join();
        assertThat(result.format()).isEqualTo(FrameFormat.SEEKABLE);
        assertThat(content()).isEmpty();
        assertThat(decodeAsStream(stored())).isEmpty();
    }

    @Test
    void metadataHasTheFormatAndTheSizeOfTheContentBesidesTheCallers() throws Exception {
        CompressionOptions options = options(FrameFormat.CASBLOB)
                .upload(UploadOptions.builder()
                        .store(StoreOptions.builder()
                                .contentType("text/plain")
                                .userMetadata("origin", "a log")
                                .build())
                        .build())
                .build();
        blobs.upload(transfers, KEY, BlobSource.of(ByteBuffer.allocate(123_456)), options)
                .join();
        BlobMetadata stored = store.head(KEY);
        assertThat(stored.contentType()).contains("text/plain");
        assertThat(stored.userMetadata())
                .containsEntry("origin", "a log")
                .containsEntry("blobstore-frames", "casblob")
                .containsEntry("blobstore-content-size", "123456")
                .hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void framesThatCannotBeCompressedStayRaw(FrameFormat format) throws Exception {
        byte[] content = Contents.random(1, 1_000_003);
        CompressionResult result = blobs.upload(
                        transfers,
                        KEY,
                        BlobSource.of(Contents.direct(content)),
                        options(format).build())
                .join();
        assertThat(result.storedSize()).isBetween(1_000_003L, 1_000_003L + 16 * 40 + 200);
        assertThat(content()).isEqualTo(content);
    }

    @ParameterizedTest
    @EnumSource(FrameFormat.class)
    void contentWhoseSamplesSaveTooLittleIsStoredInRawBlocks(FrameFormat format) throws Exception {
        byte[] random = Contents.random(2, 1_000_003);
        byte[] zeros = new byte[FRAME]; // between the samples: would be compressed
        System.arraycopy(zeros, 0, random, 80_000, 20_000);
        CompressionOptions sampled = options(format).sampled(true).level(9).build();
        CompressionResult result = blobs.upload(transfers, KEY, BlobSource.of(Contents.direct(random)), sampled)
                .join();
        assertThat(result.storedSize()).isGreaterThan(1_000_003);
        assertThat(content()).isEqualTo(random);
        assertThat(decodeAsStream(stored())).isEqualTo(random);

        byte[] text = Contents.text(2, 1_000_003);
        result = blobs.upload(transfers, KEY, BlobSource.of(Contents.direct(text)), sampled)
                .join();
        assertThat(result.storedSize()).isLessThan(500_000);
        assertThat(content()).isEqualTo(text);
    }

    @Test
    void framesMayHaveNoChecksum() throws Exception {
        byte[] content = Contents.text(3, 300_000);
        blobs.upload(
                        transfers,
                        KEY,
                        BlobSource.of(ByteBuffer.wrap(content)),
                        options(FrameFormat.SEEKABLE).frameChecksums(false).build())
                .join();
        assertThat(stored())
                .isEqualTo(FrameFiles.of(content, FRAME)
                        .withoutFrameChecksums()
                        .withDigest()
                        .seekable());
    }

    @ParameterizedTest
    @CsvSource({"CASBLOB, 65536", "SEEKABLE, 1048576", "SEEKABLE, 4194304", "CASBLOB, 1000000", "SEEKABLE, 67108864"})
    void framesMayHaveAnySizeWithinTheLimits(FrameFormat format, int frameSize) throws Exception {
        byte[] content = Contents.text(4, 5_000_003);
        Path path = Files.write(directory.resolve("file"), content);
        try (MappedFile file = MappedFile.open(path)) {
            blobs.upload(
                            transfers,
                            KEY,
                            file.region(),
                            options(format).frameSize(frameSize).level(3).build())
                    .join();
        }
        assertThat(content()).isEqualTo(content);
        assertThat(blobs.stat(KEY).frameCount()).isEqualTo((content.length + frameSize - 1) / frameSize);
        ByteBuffer part = ByteBuffer.allocateDirect(100_000);
        blobs.contents().read(KEY, ByteRange.of(3_999_950, 100_000), part);
        assertThat(part.flip()).isEqualTo(ByteBuffer.wrap(content, 3_999_950, 100_000));
    }

    @Test
    void theSourceIsRetainedUntilTheEnd() throws Exception {
        byte[] content = Contents.text(5, 2_000_000);
        MappedFile file = MappedFile.open(Files.write(directory.resolve("file"), content));
        Transfer<CompressionResult> transfer = blobs.upload(
                transfers, KEY, file.region(), options(FrameFormat.SEEKABLE).build());
        file.close();
        transfer.join();
        assertThat(file.isReleased()).isTrue();
        assertThat(content()).isEqualTo(content);
    }

    @Test
    void progressIsThatOfTheContent() throws Exception {
        List<TransferProgress> events = new CopyOnWriteArrayList<>();
        TransferListener listener = new TransferListener() {
            @Override
            public void onProgress(TransferProgress progress) {
                events.add(progress);
            }
        };
        byte[] content = Contents.text(6, 2_000_000);
        CompressionOptions options = options(FrameFormat.CASBLOB)
                .upload(UploadOptions.builder()
                        .partSize(100_000)
                        .listener(listener)
                        .build())
                .build();
        Transfer<CompressionResult> transfer =
                blobs.upload(transfers, KEY, BlobSource.of(ByteBuffer.wrap(content)), options);
        long storedSize = transfer.join().storedSize();
        assertThat(events).hasSize((int) ((storedSize + 99_999) / 100_000));
        assertThat(events).allSatisfy(event -> assertThat(event.totalBytes()).isEqualTo(content.length));
        assertThat(transfer.progress().bytesTransferred()).isEqualTo(content.length);
    }

    // ---- wrong use

    @Test
    void valuesOutsideTheLimitsAreRefused() {
        CompressionOptions.Builder builder = CompressionOptions.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.level(23).build())
                .withMessageContaining("-131072 to 22");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.level(Integer.MIN_VALUE).build())
                .withMessageContaining("no compression level");
        builder.level(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.frameSize(FRAME - 1).build())
                .withMessageContaining("65536 to 67108864");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.frameSize((64 << 20) + 1).build());
        builder.frameSize(FRAME);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.threads(0).build())
                .withMessageContaining("threads");
    }

    @Test
    void optionsAreValues() {
        CompressionOptions defaults = CompressionOptions.DEFAULT;
        assertThat(CompressionOptions.builder().build()).isEqualTo(defaults).hasSameHashCodeAs(defaults);
        assertThat(defaults.toBuilder().build()).isEqualTo(defaults).hasToString(defaults.toString());
        assertThat(defaults.toBuilder().level(2).build()).isNotEqualTo(defaults);
        assertThat(defaults.toString()).startsWith("CompressionOptions[level=1, frameSize=1048576, format=seekable");
    }

    @Test
    void whatIsRefusedAtOnceRetainsNothing() throws IOException {
        byte[] content = Contents.text(7, 100_000);
        CompressionOptions noRoom = options(FrameFormat.CASBLOB)
                .upload(UploadOptions.builder()
                        .store(StoreOptions.builder()
                                .userMetadata("a", "b".repeat(2000))
                                .build())
                        .build())
                .build();
        try (MappedFile file = MappedFile.open(Files.write(directory.resolve("file"), content))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> blobs.upload(transfers, KEY, file.region(), noRoom))
                    .withMessageContaining("2048");
            assertThat(file.leases()).isZero();
            transfers.close();
            assertThatIllegalStateException().isThrownBy(() -> blobs.upload(transfers, KEY, file.region()));
            assertThat(file.leases()).isZero();
        }
    }

    @Test
    void contentOfTooManyFramesIsRefused() {
        BlobSource huge = new HugeSource(1L << 40);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> blobs.upload(
                        transfers, KEY, huge, options(FrameFormat.SEEKABLE).build()))
                .withMessageContaining("choose larger frames");
    }

    /** A source of a size that no test can read. */
    private record HugeSource(@Override long size) implements BlobSource {
        @Override
        public BlobSource slice(long offset, long length) {
            return new HugeSource(length);
        }

        @Override
        public RetainedSource retain() {
            return RetainedSource.of(this, () -> {});
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) throws IOException {
            throw new IOException("not readable");
        }

        @Override
        public void checkUnchanged() {}
    }

    @Test
    void aSourceThatCannotBeReadFailsTheTransfer() throws IOException {
        Transfer<CompressionResult> transfer = blobs.upload(
                transfers,
                KEY,
                new HugeSource(1_000_000),
                options(FrameFormat.SEEKABLE).build());
        assertThatExceptionOfType(IOException.class).isThrownBy(transfer::join).withMessage("not readable");
        assertThat(store.listUploads("").hasNext()).isFalse();
    }
}
