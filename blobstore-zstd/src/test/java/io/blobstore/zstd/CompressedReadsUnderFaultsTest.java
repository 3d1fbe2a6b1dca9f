package io.blobstore.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.zstd.internal.FrameFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads of compressed blobs from a store that fails. */
@ExtendWith(LeakCheck.class)
class CompressedReadsUnderFaultsTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int FRAME = 64 << 10;
    private static final byte[] CONTENT = GoldenContent.of("text", 5, 3_000_001);

    private static final DownloadOptions OPTIONS = DownloadOptions.builder()
            .partSize(4 * FRAME)
            .concurrency(3)
            .retry(RetryPolicy.builder()
                    .maxAttempts(50)
                    .baseDelay(Duration.ZERO)
                    .build())
            .build();

    private static BlobStore stored(byte[] file) throws IOException {
        BlobStore store = BlobStores.open("mem:");
        store.store(KEY, BlobSource.of(ByteBuffer.wrap(file)));
        return store;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatWasReadBeforeAFaultIsNotReadAgainAndNothingIsWrong(int seed) throws Exception {
        byte[] file = FrameFiles.of(CONTENT, FRAME).withDigest().seekable();
        try (BlobStore store = stored(file);
                TransferManager transfers = TransferManager.create()) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .seed(seed)
                    .chance(Fault.TRUNCATED_READ, 0.4)
                    .chance(Fault.ERROR, 0.2)
                    .chanceOnlyFor(Operation.READ)
                    .build();
            BlobStore contents = CompressedBlobs.of(faulty).contents();
            ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);

            ReadResult result = transfers
                    .download(contents, KEY, ByteRange.all(), BlobTarget.of(target), OPTIONS)
                    .join();

            assertThat(result.length()).isEqualTo(CONTENT.length);
            assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
            assertThat(faulty.injected()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void aBitThatIsFlippedInTransitIsDetected(int seed) throws Exception {
        byte[] file = FrameFiles.of(CONTENT, FRAME).casblob();
        try (BlobStore store = stored(file);
                TransferManager transfers = TransferManager.create()) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .seed(seed)
                    .at(Operation.READ, 3, Fault.FLIPPED_READ)
                    .build();
            BlobStore contents = CompressedBlobs.of(faulty).contents();
            ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);

            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> transfers
                            .download(contents, KEY, ByteRange.all(), BlobTarget.of(target), OPTIONS)
                            .join());
        }
    }

    @Test
    void aDownloadIsCancelledAndItsMemoryReleased(@TempDir Path directory) throws Exception {
        try (BlobStore store = stored(FrameFiles.of(CONTENT, FRAME).casblob());
                TransferManager transfers = TransferManager.create()) {
            FaultyBlobStore faulty = FaultyBlobStore.over(store)
                    .at(Operation.READ, 4, Fault.STALL)
                    .build();
            BlobStore contents = CompressedBlobs.of(faulty).contents();
            MappedFile target = MappedFile.create(directory.resolve("content"), CONTENT.length);
            Transfer<ReadResult> download =
                    transfers.download(contents, KEY, ByteRange.all(), target.region(), OPTIONS);
            target.close();
            faulty.awaitStall();

            assertThat(download.cancel()).isTrue();

            assertThatExceptionOfType(CancellationException.class).isThrownBy(download::join);
            assertThat(target.awaitReleased(Duration.ofSeconds(10))).isTrue();
            assertThat(Files.size(directory.resolve("content"))).isEqualTo(CONTENT.length);
        }
    }
}
