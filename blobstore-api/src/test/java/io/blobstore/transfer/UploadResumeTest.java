package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.Operation;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.file.JournalFile;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests which uploads are kept, resumed, and begun anew. */
@ExtendWith(LeakCheck.class)
class UploadResumeTest {
    private static final BlobKey KEY = BlobKey.of("some\nkey\\n");
    private static final int PART = 10_000;
    private static final int SIZE = 4 * PART + 1;

    @TempDir
    private Path directory;

    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private Path file;
    private Path journal;

    @BeforeEach
    void createFile() throws IOException {
        file = write(1);
        journal = directory.resolve("journal");
    }

    private Path write(int seed) throws IOException {
        byte[] content = new byte[SIZE];
        new Random(seed).nextBytes(content);
        return Files.write(directory.resolve("file"), content);
    }

    private FaultyBlobStore store(Operation operation, int request, Fault fault) {
        return FaultyBlobStore.over(memory).at(operation, request, fault).build();
    }

    private FaultyBlobStore store() {
        return FaultyBlobStore.over(memory).build();
    }

    private UploadOptions.Builder options() {
        return UploadOptions.builder()
                .partSize(PART)
                .concurrency(1)
                .retry(RetryPolicy.NEVER)
                .resumable(journal);
    }

    private static StoredBlob upload(FaultyBlobStore store, BlobSource source, UploadOptions options)
            throws IOException, InterruptedException {
        try (TransferManager transfers = TransferManager.create()) {
            return transfers.upload(store, KEY, source, options).join();
        }
    }

    private void failAtPart(int number) {
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> upload(
                        store(Operation.UPLOAD_PART, number, Fault.ERROR),
                        BlobSource.ofPath(file),
                        options().build()));
        assertThat(journal).exists();
        assertThat(memory.openUploads()).hasSize(1);
    }

    private void assertStored() throws IOException {
        ByteBuffer read = ByteBuffer.allocate(SIZE);
        memory.read(KEY, ByteRange.all(), read);
        assertThat(read.array()).isEqualTo(Files.readAllBytes(file));
        assertThat(memory.openUploads()).isEmpty();
        assertThat(directory).isDirectoryContaining(file::equals);
        assertThat(directory.toFile().list()).containsExactly("file");
    }

    @Test
    void anUploadThatFailedGoesOn() throws Exception {
        failAtPart(3);
        FaultyBlobStore second = store();

        StoredBlob stored = upload(second, BlobSource.ofPath(file), options().build());

        assertThat(second.requests(Operation.CREATE_UPLOAD)).isZero();
        assertThat(second.requests(Operation.RESUME_UPLOAD)).isOne();
        assertThat(stored.isUnchanged()).isFalse();
        assertStored();
    }

    @Test
    void aMappedFileIsASourceToo() throws Exception {
        try (MappedFile mapped = MappedFile.open(file)) {
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> upload(
                            store(Operation.UPLOAD_PART, 4, Fault.ERROR),
                            mapped.region(),
                            options().build()));
        }
        FaultyBlobStore second = store();
        try (MappedFile mapped = MappedFile.open(file)) {
            upload(second, mapped.region(), options().build());
        }
        assertThat(second.requests(Operation.CREATE_UPLOAD)).isZero();
        assertStored();
    }

    @Test
    void aCancelledUploadIsKept() throws Exception {
        FaultyBlobStore first = store(Operation.UPLOAD_PART, 2, Fault.STALL);
        try (TransferManager transfers = TransferManager.create()) {
            Transfer<StoredBlob> upload = transfers.upload(
                    first, KEY, BlobSource.ofPath(file), options().build());
            first.awaitStall();
            upload.cancel();
            assertThatExceptionOfType(CancellationException.class).isThrownBy(upload::join);
        }
        assertThat(memory.openUploads()).hasSize(1);

        upload(store(), BlobSource.ofPath(file), options().build());

        assertStored();
    }

    @Test
    void anotherSourceOrOtherOptionsBeginAnewAndAbortTheFormerUpload() throws Exception {
        failAtPart(3);
        file = write(2);
        FaultyBlobStore second = store(Operation.UPLOAD_PART, 2, Fault.ERROR);
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(
                        () -> upload(second, BlobSource.ofPath(file), options().build()));
        assertThat(second.requests(Operation.RESUME_UPLOAD)).isZero();
        assertThat(second.requests(Operation.ABORT_UPLOAD)).isEqualTo(2); // and the close of the one that is kept
        assertThat(memory.openUploads()).hasSize(1);
        FaultyBlobStore third = store();

        UploadOptions other = options()
                .store(StoreOptions.builder().userMetadata("a", "b").build())
                .build();
        upload(third, BlobSource.ofPath(file), other);

        assertThat(third.requests(Operation.CREATE_UPLOAD)).isOne();
        assertThat(memory.head(KEY).userMetadata()).isEqualTo(Map.of("a", "b"));
        assertStored();
    }

    @Test
    void aPartThatIsNotTheSourcesIsSentAgain() throws Exception {
        failAtPart(4);
        try (var uploads = memory.listUploads("")) {
            String id = uploads.next().id();
            MultipartUpload damaged = memory.resumeMultipartUpload(
                            KEY, id, new PartLayout(SIZE, PART), StoreOptions.DEFAULT)
                    .orElseThrow();
            damaged.uploadPart(2, BlobSource.of(ByteBuffer.allocate(PART)));
            damaged.close();
        }

        upload(store(), BlobSource.ofPath(file), options().build());

        assertStored();
    }

    @Test
    void anUploadThatIsGoneBeginsAnew() throws Exception {
        failAtPart(3);
        try (var uploads = memory.listUploads("")) {
            memory.abortUpload(KEY, uploads.next().id());
        }

        upload(store(), BlobSource.ofPath(file), options().build());

        assertStored();
    }

    @Test
    void anUploadThatWasCompletedBeforeItsJournalWasDeletedIsNotSentAgain() throws Exception {
        UploadOptions options = options()
                .store(StoreOptions.builder()
                        .precondition(Precondition.ifAbsent())
                        .build())
                .build();
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> upload(
                        store(Operation.COMPLETE_UPLOAD, 1, Fault.RESPONSE_LOST), BlobSource.ofPath(file), options));
        assertThat(journal).exists();
        FaultyBlobStore second = store();

        StoredBlob stored = upload(second, BlobSource.ofPath(file), options);

        assertThat(stored.isUnchanged()).isTrue();
        assertThat(second.requests(Operation.UPLOAD_PART)).isZero();
        assertThat(second.requests(Operation.CREATE_UPLOAD)).isZero();
        assertStored();
    }

    @Test
    void whatCouldOnlyFailAgainIsAborted() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(new byte[10]));
        UploadOptions options = options()
                .store(StoreOptions.builder()
                        .precondition(Precondition.ifAbsent())
                        .build())
                .build();
        assertThatExceptionOfType(BlobAlreadyExistsException.class)
                .isThrownBy(() -> upload(store(), BlobSource.ofPath(file), options));
        assertThat(memory.openUploads()).isEmpty();
        assertThat(directory.toFile().list()).containsExactly("file");

        FaultyBlobStore flipping = store(Operation.UPLOAD_PART, 2, Fault.FLIPPED_PART);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() ->
                        upload(flipping, BlobSource.ofPath(file), options().build()));
        assertThat(memory.openUploads()).isEmpty();
        assertThat(directory.toFile().list()).containsExactly("file");
    }

    @Test
    void aDamagedJournalBeginsAnew() throws Exception {
        failAtPart(3);
        byte[] damaged = Files.readAllBytes(journal);
        for (int i = 0; i < damaged.length; i++) {
            damaged[i] ^= 1;
            Files.write(journal, damaged);
            try (JournalFile read = JournalFile.open(journal)) {
                assertThat(read.fields()).as("bit 0 of byte " + i).isEmpty();
            }
            damaged[i] ^= 1;
        }
        Files.write(journal, java.util.Arrays.copyOf(damaged, damaged.length - 1));
        FaultyBlobStore second = store();

        upload(second, BlobSource.ofPath(file), options().build());

        assertThat(second.requests(Operation.CREATE_UPLOAD)).isOne();
        try (var uploads = memory.listUploads("")) { // unknown to the second call, as its journal was lost
            memory.abortUpload(KEY, uploads.next().id());
        }
        assertStored();
    }

    @Test
    void aJournalIsOfOneUpload() throws Exception {
        failAtPart(3);
        try (TransferManager transfers = TransferManager.create()) {
            BlobSource source = BlobSource.ofPath(file);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transfers
                            .upload(
                                    store(),
                                    BlobKey.of("other"),
                                    source,
                                    options().build())
                            .join())
                    .withMessageContaining("another upload");
            try (JournalFile inUse = JournalFile.open(journal)) {
                assertThat(inUse.fields()).isNotEmpty();
                assertThatExceptionOfType(FileSystemException.class)
                        .isThrownBy(() -> upload(store(), source, options().build()))
                        .withMessageContaining("another transfer uses this journal");
            }
        }
        assertThat(memory.openUploads()).hasSize(1);

        upload(store(), BlobSource.ofPath(file), options().build());

        assertStored();
    }

    @Test
    void contentWithoutIdentityIsRefused() {
        BlobSource content = BlobSource.of(ByteBuffer.allocate(SIZE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> upload(store(), content, options().build()))
                .withMessageContaining("BlobSource.ofPath");
        try (TransferManager transfers = TransferManager.create()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> transfers.openWriter(
                            memory, KEY, TransferProgress.UNKNOWN, options().build()))
                    .withMessageContaining("use a file");
        }
    }

    // ---- before anything is sent

    @Test
    void aConditionThatDoesNotHoldIsRefusedBeforeTheUploadIsCreated() throws Exception {
        StoredBlob before = memory.store(KEY, ByteBuffer.wrap(new byte[10]));
        memory.store(KEY, ByteBuffer.wrap(new byte[11]));
        for (Precondition condition :
                new Precondition[] {Precondition.ifAbsent(), Precondition.ifMatch(before.version())}) {
            FaultyBlobStore store = store();
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .store(StoreOptions.builder().precondition(condition).build())
                    .build();
            assertThatExceptionOfType(io.blobstore.PreconditionFailedException.class)
                    .isThrownBy(() -> upload(store, BlobSource.ofPath(file), options));
            assertThat(store.requests(Operation.CREATE_UPLOAD)).isZero();
            assertThat(store.requests(Operation.HEAD)).isOne();
            try (TransferManager transfers = TransferManager.create();
                    BlobWriter writer = transfers.openWriter(store, KEY, TransferProgress.UNKNOWN, options)) {
                assertThatExceptionOfType(io.blobstore.PreconditionFailedException.class)
                        .isThrownBy(() -> writer.write(ByteBuffer.allocate(PART + 1)));
            }
            assertThat(store.requests(Operation.CREATE_UPLOAD)).isZero();
        }
    }

    @Test
    void aBlobOfOneRequestIsNotAskedForFirst() throws Exception {
        FaultyBlobStore store = store();

        upload(
                store,
                BlobSource.of(ByteBuffer.allocate(PART)),
                UploadOptions.builder()
                        .partSize(PART)
                        .store(StoreOptions.builder()
                                .precondition(Precondition.ifAbsent())
                                .build())
                        .build());

        assertThat(store.requests()).isOne();
    }

    @Test
    void contentThatIsStoredAlreadyIsNotSent() throws Exception {
        UploadOptions options =
                UploadOptions.builder().partSize(PART).ifChanged(true).build();
        StoredBlob first = upload(store(), BlobSource.ofPath(file), options);
        FaultyBlobStore again = store();

        StoredBlob second = upload(again, BlobSource.ofPath(file), options);

        assertThat(first.isUnchanged()).isFalse();
        assertThat(second.isUnchanged()).isTrue();
        assertThat(second.version()).isEqualTo(first.version());
        assertThat(second.checksum()).contains(Crc32c.of(BlobSource.ofPath(file)));
        assertThat(again.requests()).isOne();
        file = write(3);
        assertThat(upload(store(), BlobSource.ofPath(file), options).isUnchanged())
                .isFalse();
        assertStored();
    }
}
