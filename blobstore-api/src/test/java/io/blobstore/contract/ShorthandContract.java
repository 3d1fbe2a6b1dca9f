package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.CopyOptions;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.PresignOptions;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.StoreOptions;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about what short methods do with the others. */
abstract class ShorthandContract extends ReaderContract {
    @Test
    void aBlobExistsFromItsStoringToItsDeletion() throws IOException {
        assertThat(store.exists(KEY)).isFalse();
        store.store(KEY, source(new byte[0]));
        assertThat(store.exists(KEY)).isTrue();
        assertThat(store.exists(OTHER)).isFalse();
        store.delete(KEY);
        assertThat(store.exists(KEY)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8192, 8193, 3_000_001})
    void aWholeBlobIsReadIntoAnArray(int size) throws IOException {
        byte[] content = bytes(size, 1);
        store.store(KEY, source(content));

        for (int most : new int[] {size, size + 1, Integer.MAX_VALUE}) {
            assertThat(Arrays.equals(store.readAllBytes(KEY, most), content)).isTrue();
        }
        if (size > 0) {
            assertThatExceptionOfType(RangeNotSatisfiableException.class)
                    .isThrownBy(() -> store.readAllBytes(KEY, size - 1))
                    .withMessageContaining(String.valueOf(size - 1))
                    .withMessageContaining(String.valueOf(size));
        }
    }

    @Test
    void aWholeBlobIsVerified() throws IOException {
        assumeTrue(keepsChecksums(), "the store has no checksum to compare with");
        store.store(KEY, source(bytes(1000, 2)));
        assumeTrue(damage(KEY), "the test cannot damage the content");

        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> store.readAllBytes(KEY, 1000));
    }

    @Test
    void noArrayIsReadWhereThereIsNoBlob() {
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.readAllBytes(KEY, 10));
        assertThatIllegalArgumentException().isThrownBy(() -> store.readAllBytes(KEY, -1));
    }

    @Test
    void aNullArgumentIsNamed() {
        NullArguments arguments = new NullArguments(
                store,
                KEY,
                ByteBuffer.allocate(1),
                source(new byte[1]),
                ByteRange.of(0, 1),
                BlobTarget.Window.of(ByteBuffer.allocate(1)),
                StoreOptions.DEFAULT,
                ReadOptions.DEFAULT,
                CopyOptions.DEFAULT,
                ListOptions.DEFAULT,
                PresignOptions.get(Duration.ofSeconds(1)),
                new PartLayout(1, 1));

        assertThat(arguments.unnamed(List.of(BlobStore.class))).isEmpty();
    }

    @Test
    void aBlobIsReadAsAStream() throws IOException {
        byte[] content = bytes(largeSize(), 3);
        store.store(KEY, source(content));
        try (TransferManager transfers = TransferManager.create()) {
            try (InputStream stream = transfers.openStream(store, KEY)) {
                assertThat(Arrays.equals(stream.readAllBytes(), content)).isTrue();
            }
            try (InputStream stream = transfers.openStream(store, KEY)) { // closed before its end
                assertThat(stream.read()).isEqualTo(content[0] & 0xFF);
            }
            try (InputStream stream = transfers.openStream(store, OTHER)) {
                assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(stream::read);
            }
        }
    }
}
