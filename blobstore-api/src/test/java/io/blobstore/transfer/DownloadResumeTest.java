package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests which parts of a download to a file are believed when it is resumed. */
@ExtendWith(LeakCheck.class)
class DownloadResumeTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final int PART = 10_000;
    private static final int SIZE = 5 * PART + 1;

    @TempDir
    private Path directory;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private byte[] content;
    private Path file;
    private Path part;
    private Path journal;

    @BeforeEach
    void storeBlob() throws IOException {
        content = store(1);
        file = directory.resolve("file");
        part = directory.resolve(".file.blobstore-part");
        journal = directory.resolve(".file.blobstore-part.journal");
    }

    private byte[] store(int seed) throws IOException {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        memory.store(KEY, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private DownloadOptions options(int partSize) {
        return DownloadOptions.builder()
                .partSize(partSize)
                .concurrency(1)
                .retry(RetryPolicy.NEVER)
                .resumable(true)
                .build();
    }

    private ReadResult download(FaultyBlobStore store, int partSize) throws IOException, InterruptedException {
        try (TransferManager transfers = TransferManager.create()) {
            return transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.ofPath(file), options(partSize))
                    .join();
        }
    }

    private FaultyBlobStore store() {
        return FaultyBlobStore.over(memory).build();
    }

    /** Reads three parts. */
    private void failAtTheFourthPart() {
        FaultyBlobStore failing =
                FaultyBlobStore.over(memory).at(Operation.READ, 4, Fault.ERROR).build();
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> download(failing, PART));
        assertThat(part).exists();
        assertThat(journal).exists();
        assertThat(file).doesNotExist();
    }

    private void assertComplete() throws IOException {
        assertThat(file).hasBinaryContent(content);
        assertThat(directory.toFile().list()).containsExactly("file");
    }

    @Test
    void aDownloadThatFailedGoesOn() throws Exception {
        failAtTheFourthPart();
        FaultyBlobStore second = store();

        ReadResult read = download(second, PART);

        assertThat(read.length()).isEqualTo(SIZE);
        assertThat(second.requests(Operation.READ)).isEqualTo(3);
        assertComplete();
    }

    @Test
    void aDownloadThatWasNotInterruptedLeavesNothing() throws Exception {
        download(store(), PART);
        assertComplete();
        content = new byte[0];
        memory.store(KEY, ByteBuffer.allocate(0));
        download(store(), PART);
        assertComplete();
    }

    @Test
    void aCancelledDownloadGoesOn() throws Exception {
        FaultyBlobStore stalling =
                FaultyBlobStore.over(memory).at(Operation.READ, 3, Fault.STALL).build();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<ReadResult> download =
                    transfers.download(stalling, KEY, ByteRange.all(), BlobTarget.ofPath(file), options(PART));
            stalling.awaitStall();
            download.cancel();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(download::join);
        }
        FaultyBlobStore second = store();
        download(second, PART);

        assertThat(second.requests(Operation.READ)).isEqualTo(4);
        assertComplete();
    }

    @Test
    void aDamagedPartIsReadAgain() throws Exception {
        failAtTheFourthPart();
        byte[] written = Files.readAllBytes(part);
        written[PART + 17] ^= 4;
        Files.write(part, written);
        FaultyBlobStore second = store();

        download(second, PART);

        assertThat(second.requests(Operation.READ)).isEqualTo(4);
        assertComplete();
    }

    @Test
    void aTruncatedFileAndATornJournalAreNotBelieved() throws Exception {
        failAtTheFourthPart();
        Files.write(part, java.util.Arrays.copyOf(Files.readAllBytes(part), 2 * PART + 1));
        Files.writeString(journal, "3 00000000\n4 0000", StandardOpenOption.APPEND);
        FaultyBlobStore second = store();

        download(second, PART);

        assertThat(second.requests(Operation.READ)).isEqualTo(4);
        assertComplete();
    }

    @Test
    void anotherVersionOrPartSizeBeginsAnew() throws Exception {
        failAtTheFourthPart();
        content = store(2);
        FaultyBlobStore second =
                FaultyBlobStore.over(memory).at(Operation.READ, 6, Fault.ERROR).build();
        assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> download(second, PART));
        FaultyBlobStore third = store();

        download(third, 2 * PART);

        assertThat(third.requests(Operation.READ)).isEqualTo(3);
        assertComplete();
    }

    @Test
    void contentThatIsNotTheBlobsIsDiscarded() throws Exception {
        memory.flipBit(KEY, 3 * PART);
        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> download(store(), PART));
        assertThat(directory.toFile().list()).isEmpty();
    }

    @Test
    void oneDownloadAtATimeWritesToAFile() throws Exception {
        FaultyBlobStore stalling =
                FaultyBlobStore.over(memory).at(Operation.READ, 2, Fault.STALL).build();
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<ReadResult> first =
                    transfers.download(stalling, KEY, ByteRange.all(), BlobTarget.ofPath(file), options(PART));
            stalling.awaitStall();
            assertThatExceptionOfType(FileSystemException.class)
                    .isThrownBy(() -> download(store(), PART))
                    .withMessageContaining("another transfer uses this journal");
            stalling.releaseStalls();
            first.join();
        }
        assertComplete();
    }

    @Test
    void onlyWholeBlobsAndFilesAreResumed() {
        try (TransferManager transfers = TransferManager.create()) {
            BlobTarget target = BlobTarget.ofPath(file);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transfers.download(memory, KEY, ByteRange.of(0, SIZE), target, options(PART)))
                    .withMessageContaining("whole blob");
            BlobTarget buffer = BlobTarget.of(ByteBuffer.allocate(SIZE));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> transfers.download(memory, KEY, ByteRange.all(), buffer, options(PART)))
                    .withMessageContaining("BlobTarget.ofPath");
        }
        assertThat(directory.toFile().list()).isEmpty();
    }
}
