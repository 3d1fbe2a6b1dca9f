package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.BlobSource;
import io.blobstore.Crc32c;
import io.blobstore.RetainedSource;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoredBlob;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which requests an upload sends, and that the store then has the content. */
class UploadPlanTest {
    private static StoreCapabilities limits(boolean multipart, long minPart, long maxPart, int maxParts, long maxBlob) {
        return StoreCapabilities.builder()
                .multipart(multipart)
                .minPartSize(minPart)
                .maxPartSize(maxPart)
                .maxParts(maxParts)
                .maxBlobSize(maxBlob)
                .build();
    }

    private static byte[] content(int size) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        return content;
    }

    private static StoredBlob upload(ScriptedStore store, byte[] content, int partSize) throws Exception {
        try (TransferManager uploader = TransferManager.create()) {
            return uploader.upload(
                            store,
                            KEY,
                            BlobSource.of(ByteBuffer.wrap(content)),
                            UploadOptions.builder().partSize(partSize).build())
                    .join();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 99, 100})
    void upToThePartSizeABlobIsOneRequest(int size) throws Exception {
        ScriptedStore store = new ScriptedStore();
        byte[] content = content(size);

        StoredBlob stored = upload(store, content, 100);

        assertThat(store.requests()).containsExactly("STORE");
        assertThat(store.stored()).contains(content);
        assertThat(stored.size()).isEqualTo(size);
        assertThat(stored.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
    }

    @ParameterizedTest
    @CsvSource({"101, 2", "200, 2", "201, 3", "1000, 10", "99999, 1000"})
    void beyondThePartSizeABlobGoesInParts(int size, int parts) throws Exception {
        ScriptedStore store = new ScriptedStore();
        byte[] content = content(size);

        StoredBlob stored = upload(store, content, 100);

        assertThat(store.requests()).startsWith("CREATE").endsWith("COMPLETE").hasSize(parts + 2);
        for (int part = 1; part <= parts; part++) {
            assertThat(store.count("PART " + part)).isEqualTo(1);
        }
        assertThat(store.stored()).contains(content);
        assertThat(stored.checksum()).contains(Crc32c.of(ByteBuffer.wrap(content)));
    }

    @Test
    void aStoreWithoutMultipartGetsOneRequest() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(false, 1, 10, 10, 1000));
        byte[] content = content(1000);

        upload(store, content, 100);

        assertThat(store.requests()).containsExactly("STORE");
        assertThat(store.stored()).contains(content);
    }

    @Test
    void aBlobThatFitsOnePartOfTheSmallestSizeIsOneRequest() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(true, 500, 1000, 10, 10_000));

        upload(store, content(500), 100);

        assertThat(store.requests()).containsExactly("STORE");
    }

    @Test
    void partsAreNoSmallerThanTheStoreAllows() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(true, 500, 1000, 10, 10_000));

        upload(store, content(1001), 100);

        assertThat(store.requests())
                .contains("CREATE", "PART 1", "PART 2", "PART 3")
                .doesNotContain("PART 4");
    }

    @Test
    void aBlobLargerThanTheLargestPartIsNotOneRequestWhateverThePreferredPartSize() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(true, 1, 1000, 10, 10_000));

        upload(store, content(3000), 1 << 20);

        assertThat(store.requests()).contains("CREATE", "PART 3").doesNotContain("STORE", "PART 4");
    }

    @Test
    void partsGrowWhereTheStoreTakesNoMoreOfThem() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(true, 1, 1 << 30, 3, 1L << 40));
        byte[] content = content((3 << 20) - 1);

        upload(store, content, 1000);

        assertThat(store.requests()).containsExactlyInAnyOrder("CREATE", "PART 1", "PART 2", "PART 3", "COMPLETE");
        assertThat(store.stored()).contains(content);
    }

    @Test
    void partsGrowUpToTheLargest() throws Exception {
        ScriptedStore store = new ScriptedStore(limits(true, 1, 1000, 10, 10_000));

        upload(store, content(10_000), 1);

        assertThat(store.count("PART 10")).isEqualTo(1);
        assertThat(store.requests()).hasSize(12);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBlobTooLargeForTheStoreIsRefusedAtOnceAndNotHeld(boolean multipart) {
        ScriptedStore store = new ScriptedStore(limits(multipart, 1, 1000, 10, 5_000));
        CountingSource source = new CountingSource(5_001);
        try (TransferManager uploader = TransferManager.create()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> uploader.upload(store, KEY, source))
                    .withMessageContaining("5001")
                    .withMessageContaining("5000");
        }
        assertThat(store.requests()).isEmpty();
        assertThat(source.retained).isZero();
    }

    /** A source that cannot be read, and counts how often it is retained. */
    private static final class CountingSource implements BlobSource {
        private final long size;
        private int retained;

        CountingSource(long size) {
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public BlobSource slice(long offset, long length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void forEachBuffer(int maxBufferSize, BufferVisitor visitor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkUnchanged() {
            throw new UnsupportedOperationException();
        }

        @Override
        public RetainedSource retain() {
            retained++;
            throw new UnsupportedOperationException();
        }
    }
}
