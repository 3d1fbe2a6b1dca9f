package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.PresignOptions;
import io.blobstore.PresignedUrl;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreCapabilities.Support;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.BlobWriter;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that a {@link io.blobstore.BlobStore} does what the interface's documentation promises. A backend runs them in
 * a subclass:
 *
 * <pre>{@code
 * class MyStoreContractTest extends BlobStoreContract {
 *     @Override
 *     protected BlobStore openStore(Path directory) throws IOException {
 *         return MyStore.open(…);
 *     }
 * }
 * }</pre>
 *
 * <p>Stores differ in their features. The tests read most of these from {@link io.blobstore.BlobStore#capabilities()};
 * a subclass declares the others by overriding {@link #supportsKey}, {@link #supportsKeysBelowKeys},
 * {@link #supportsDelimiter}, {@link #keepsContentHeader}, {@link #keepsChecksums}, {@link #keepsChecksumsOfCopies},
 * {@link #distinguishesEqualContent}, {@link #enforcesConditionsInRaces}, {@link #listsUploads} and
 * {@link #readsVersionsAtomically}. The tests use two more hooks to access the stored data, {@link #damage} and
 * {@link #leftovers}; a backend should override both if it can. Each test gets a new, empty store, and is checked by
 * {@link LeakCheck}.
 *
 * <p>The tests are in the superclasses, one for each part of the contract, which exist only to keep files readable.
 */
public abstract class BlobStoreContract extends ShorthandContract {
    /** Creates the tests of a subclass. */
    protected BlobStoreContract() {}

    // ---- capabilities

    @Test
    void limitsAreLimits() {
        StoreCapabilities limits = store.capabilities();

        assertThat(limits.maxBlobSize()).isPositive();
        if (limits.multipart()) {
            assertThat(limits.minPartSize()).isPositive().isLessThanOrEqualTo(limits.maxPartSize());
            assertThat(limits.maxParts()).isPositive();
        }
    }

    @Test
    void aStoreDescribesItself() {
        assertThat(store.toString())
                .isNotBlank()
                .doesNotContain(store.getClass().getName() + "@");
    }

    // ---- presigned URLs

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT"})
    void urlsArePresignedIfTheCapabilitiesSaySo(PresignOptions.Method method) throws IOException {
        PresignOptions options = PresignOptions.builder()
                .method(method)
                .validity(Duration.ofMinutes(5))
                .build();
        if (store.capabilities().presign() == Support.NONE) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> store.presign(KEY, options));
            return;
        }
        PresignedUrl url = store.presign(KEY, options);

        assertThat(url.method()).isEqualTo(method);
        assertThat(url.url().getRawPath()).endsWith(KEY.toString());
        assertThat(url.toString()).doesNotContain(url.url().getRawQuery());
    }

    // ---- closing

    @Test
    void aClosedStoreRefusesEveryCall() throws IOException {
        store.store(KEY, source(new byte[1]));
        closeStore();

        List<ThrowingCallable> calls = new ArrayList<>(List.of(
                () -> store.store(KEY, source(new byte[1])),
                () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)),
                () -> store.head(KEY),
                () -> store.list(ListOptions.DEFAULT).close(),
                () -> store.delete(KEY),
                () -> store.deleteAll("some"),
                () -> store.listUploads("").close(),
                () -> store.abortUpload(KEY, "some-id"),
                () -> store.copy(KEY, OTHER)));
        if (store.capabilities().multipart()) {
            PartLayout layout = new PartLayout(1, store.capabilities().minPartSize());
            calls.add(() -> store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT));
        }
        if (store.capabilities().presign() != Support.NONE) {
            calls.add(() -> store.presign(KEY, PresignOptions.get(Duration.ofMinutes(1))));
        }
        assertThat(calls).allSatisfy(call -> assertThatIllegalStateException().isThrownBy(call));
    }

    @Test
    void aStoreMayBeClosedTwice() throws IOException {
        closeStore();
        closeStore();

        assertThat(store.toString()).isNotBlank();
    }

    @Test
    void anUploadOfAClosedStoreFails() throws IOException {
        assumeMultipart();
        PartLayout layout = new PartLayout(1, store.capabilities().minPartSize());
        MultipartUpload upload = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT);
        closeStore();

        assertThatIllegalStateException().isThrownBy(() -> upload.uploadPart(1, source(new byte[1])));
        assertThatIllegalStateException().isThrownBy(() -> upload.complete(crc(new byte[1])));
    }

    // ---- parallel uploads

    @ParameterizedTest
    @CsvSource({"1, 65536", "8, 65536", "1, 1000003", "8, 1000003", "8, 67108864"})
    void aMappedFileIsUploadedInParallel(int concurrency, long partSize) throws Exception {
        byte[] content = bytes(uploadSize(), concurrency);
        try (TransferManager uploader = TransferManager.create();
                MappedFile file = MappedFile.open(file(content))) {
            StoredBlob stored = uploader.upload(store, KEY, file.region(), options(concurrency, partSize))
                    .join();

            assertThat(file.leases()).isZero();
            assertThat(stored.size()).isEqualTo(content.length);
            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertChecksum(stored.checksum(), content);
        }
        assertHolds(KEY, content);
        assertThat(leftovers()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1, 65536", "8, 65536", "8, 1000003"})
    void aPathIsUploadedInParallel(int concurrency, long partSize) throws Exception {
        byte[] content = bytes(uploadSize(), concurrency);
        Path path = file(content);
        try (TransferManager uploader = TransferManager.create()) {
            uploader.upload(store, KEY, BlobSource.ofPath(path), options(concurrency, partSize))
                    .join();
        }
        assertHolds(KEY, content);
    }

    @Test
    void anEmptyFileIsUploaded() throws Exception {
        try (TransferManager uploader = TransferManager.create();
                MappedFile file = MappedFile.open(file(new byte[0]))) {
            uploader.upload(store, KEY, file.region()).join();
        }
        assertHolds(KEY, new byte[0]);
    }

    @Test
    void aMappedFileThatIsClosedDuringItsUploadIsUnmappedWithItsEnd() throws Exception {
        byte[] content = bytes(uploadSize(), 3);
        try (TransferManager uploader = TransferManager.create()) {
            MappedFile file = MappedFile.open(file(content));
            Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(8, 65_536));
            file.close();
            transfer.join();

            assertThat(file.isReleased()).isTrue();
            assertHolds(KEY, content);
        }
    }

    @Test
    void aCancelledUploadLeavesAllOrNothing() throws Exception {
        byte[] old = bytes(10, 4);
        byte[] content = bytes(uploadSize(), 5);
        try (TransferManager uploader = TransferManager.create();
                MappedFile file = MappedFile.open(file(content))) {
            for (int round = 0; round < 20; round++) {
                store.store(KEY, source(old));
                Transfer<StoredBlob> transfer = uploader.upload(store, KEY, file.region(), options(8, 65_536));
                transfer.cancel();
                boolean stored = transfer.toCompletableFuture()
                        .handle((result, problem) -> result != null)
                        .get();

                assertThat(file.leases()).isZero();
                assertHolds(KEY, stored ? content : old);
                assertThat(leftovers()).isEmpty();
            }
        }
    }

    @Test
    void aBlobIsWrittenPieceByPieceWithItsStartSetAtTheEnd() throws IOException {
        assumeMultipart();
        byte[] content = bytes(uploadSize(), 6);
        try (TransferManager uploader = TransferManager.create();
                BlobWriter writer = uploader.openWriter(store, KEY, content.length, options(3, 65_536))) {
            writer.reserve(1000);
            for (int at = 1000; at < content.length; at += 100_000) {
                writer.write(ByteBuffer.wrap(content, at, Math.min(100_000, content.length - at)));
            }
            writer.setReserved(ByteBuffer.wrap(content, 0, 1000));
            StoredBlob stored = writer.complete();

            assertThat(stored.size()).isEqualTo(content.length);
            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertChecksum(stored.checksum(), content);
        }
        assertHolds(KEY, content);
        assertThat(leftovers()).isEmpty();
    }

    @Test
    void aWriterThatIsClosedBeforeItsCompletionLeavesTheKeyAsItWas() throws IOException {
        assumeMultipart();
        store.store(KEY, source(bytes(10, 7)));
        try (TransferManager uploader = TransferManager.create();
                BlobWriter writer = uploader.openWriter(store, KEY, uploadSize(), options(3, 65_536))) {
            writer.write(ByteBuffer.wrap(bytes(uploadSize(), 8)));
        }
        assertHolds(KEY, bytes(10, 7));
        assertThat(leftovers()).isEmpty();
    }

    /** Returns a blob size that needs several parts, whatever the store's minimum part size. */
    private int uploadSize() {
        return Math.toIntExact(Math.max(largeSize(), store.capabilities().minPartSize() * 2 + 1));
    }

    private static UploadOptions options(int concurrency, long partSize) {
        return UploadOptions.builder()
                .concurrency(concurrency)
                .partSize(partSize)
                .build();
    }
}
