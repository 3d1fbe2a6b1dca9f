package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.Crc32c;
import io.blobstore.PermissionDeniedException;
import io.blobstore.Precondition;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blobs that the server encrypts with a key that is sent with each request and not stored. */
@ExtendWith(LeakCheck.class)
class GcsCustomerKeyTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");

    @RegisterExtension
    final FakeServer server = FakeServer.secure();

    private static GcsEncryption key(int fill) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) fill);
        return GcsEncryption.customerKey(key);
    }

    @ParameterizedTest
    @CsvSource({"1000, false", "1000, true", "11000000, false", "11000000, true"})
    void aBlobIsReadOnlyWithItsKey(int size, boolean conditional) throws Exception {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        try (BlobStore store = server.store().encryption(key(1)).open();
                BlobStore other = server.store().encryption(key(2)).open();
                BlobStore without = server.store().open();
                TransferManager uploader = TransferManager.create()) {
            StoreOptions options = StoreOptions.builder()
                    .precondition(conditional ? Precondition.ifAbsent() : Precondition.none())
                    .build();
            uploader.upload(
                            store,
                            KEY,
                            BlobSource.of(ByteBuffer.wrap(content)),
                            UploadOptions.builder()
                                    .partSize(5 << 20)
                                    .store(options)
                                    .build())
                    .join();

            ByteBuffer target = ByteBuffer.allocate(size);
            store.read(KEY, ByteRange.all(), target);
            assertThat(target.array()).isEqualTo(content);
            assertThat(store.head(KEY).checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
            store.copy(KEY, BlobKey.of("copy"), CopyOptions.DEFAULT);
            store.read(BlobKey.of("copy"), ByteRange.all(), target.clear());
            assertThat(target.array()).isEqualTo(content);
            requireRefused(other, "another customer key than the store's");
            requireRefused(without, "is encrypted with a customer key; set GcsBlobStore.Builder.encryption");
            without.store(BlobKey.of("plain"), BlobSource.of());
            assertThatThrownBy(() -> store.read(BlobKey.of("plain"), ByteRange.all(), ByteBuffer.allocate(1)))
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining("not encrypted with the store's customer key");
        }
        assertThat(server.get().names(FakeServer.BUCKET)).containsExactly("copy", "plain", KEY.toString());
    }

    /** By the data plane and by the SDK. */
    private static void requireRefused(BlobStore store, String message) {
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> store.read(KEY, ByteRange.all(), ByteBuffer.allocate(1)),
                () -> store.copy(KEY, BlobKey.of("other"), CopyOptions.DEFAULT))) {
            assertThatThrownBy(call)
                    .isInstanceOf(PermissionDeniedException.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void aKeyIsNotPrinted() {
        assertThat(key(65).toString()).doesNotContain("AAAA", "QUFB");
    }
}
