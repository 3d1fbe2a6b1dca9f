package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.transfer.PatternStore.Read;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests readers of blobs that fit into one block, which are fetched whole. */
class SmallBlobReaderTest extends BlobReaderFixture {
    private static final int SIZE = 300 * K;

    private void useSmallBlob() {
        store = new PatternStore(SIZE).reportingChecksum();
    }

    private static void readAt(BlobReader blob, int from, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        assertThat(blob.read(target, from)).isEqualTo(Math.min(length, SIZE - from));
        PatternStore.assertContent(from, target.flip());
    }

    @Test
    void aBlobOfKnownSizeIsFetchedOnFirstTouch() throws IOException {
        useSmallBlob();
        SplittableRandom random = new SplittableRandom(1);
        try (BlobReader blob = open()) {
            assertThat(blob.size()).isEqualTo(SIZE);
            for (int i = 0; i < 50; i++) {
                readAt(blob, random.nextInt(SIZE), 1 + random.nextInt(10_000));
            }
            read(blob, 8 * K, 20);
        }
        assertThat(store.reads()).containsExactly(new Read(0, SIZE));
        assertThat(store.heads()).isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8 * K, 100_000})
    void aBlobOfUnknownSizeTakesOneMoreRequest(int length) throws IOException {
        useSmallBlob();
        try (BlobReader blob = open()) {
            readAt(blob, 0, length);
            readAt(blob, length, length);
            readAt(blob, 7, 1000);
            read(blob, SIZE);
            assertThat(blob.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
        assertThat(store.reads()).containsExactly(new Read(0, length), new Read(0, SIZE), new Read(0, SIZE));
        assertThat(store.heads()).isZero();
    }

    @Test
    void aReadOfAllOfItGoesIntoTheCallersBuffer() throws IOException {
        useSmallBlob();
        try (BlobReader blob = open()) {
            assertThat(blob.size()).isEqualTo(SIZE);
            readAt(blob, 0, SIZE);
            assertThat(reader.readAheadMemory().taken()).isZero();
        }
        assertThat(store.reads()).containsExactly(new Read(0, SIZE));
    }

    @Test
    void aLargerBlobIsNotFetchedWhole() throws IOException {
        store = new PatternStore(M + 1);
        try (BlobReader blob = open()) {
            blob.size();
            ByteBuffer target = ByteBuffer.allocate(10);
            blob.read(target, 500);
            PatternStore.assertContent(500, target.flip());
        }
        assertThat(store.reads()).containsExactly(new Read(500, 10));
    }

    @Test
    void withoutReadAheadOnlyWhatIsReadIsFetched() throws IOException {
        useSmallBlob();
        try (BlobReader blob = open(ONE_TRY.toBuilder().maxReadAhead(0).build())) {
            blob.size();
            readAt(blob, 1000, 10);
            readAt(blob, 20, 30);
        }
        assertThat(store.reads()).containsExactly(new Read(1000, 10), new Read(20, 30));
    }

    @Test
    void withoutMemoryOnlyWhatIsReadIsFetched() throws IOException {
        useSmallBlob();
        try (TransferManager none = TransferManager.builder().readAheadMemory(0).build();
                BlobReader blob = none.openReader(store, KEY, ONE_TRY)) {
            blob.size();
            readAt(blob, 1000, 10);
            read(blob, 30);
        }
        assertThat(store.reads()).containsExactly(new Read(1000, 10), new Read(0, 30));
    }

    @Test
    void manyThreadsFetchItOnce() throws Exception {
        useSmallBlob();
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try (BlobReader blob = open()) {
            blob.size();
            var results = IntStream.range(0, 200)
                    .<Future<?>>mapToObj(i -> threads.submit(() -> {
                        readAt(blob, i * 1000, 5000);
                        return null;
                    }))
                    .toList();
            for (Future<?> result : results) {
                result.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(store.reads()).containsExactly(new Read(0, SIZE));
    }

    @Test
    void aFailedFetchIsRepeatedByTheNextRead() throws IOException {
        useSmallBlob();
        AtomicInteger failures = new AtomicInteger(2);
        store.onRead(read -> {
            if (failures.getAndDecrement() > 0) {
                throw ScriptedStore.failure("refused", true);
            }
        });
        try (BlobReader blob = open()) {
            blob.size();
            for (int i = 0; i < 2; i++) {
                ByteBuffer target = ByteBuffer.allocate(10);
                assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> blob.read(target, 5));
                assertThat(target.position()).isZero();
            }
            assertThat(reader.readAheadMemory().taken()).isZero();
            readAt(blob, 5, 10);
            readAt(blob, 5000, 10);
        }
        assertThat(store.reads()).hasSize(3);
    }

    /** The checksum is compared by the reader, as this store does not: then the content is fetched again. */
    @Test
    void damagedContentIsNotKept() throws IOException {
        useSmallBlob();
        store.damage(SIZE - 1);
        try (BlobReader blob = open()) {
            blob.size();
            read(blob, SIZE - 10);
            assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> blob.read(ByteBuffer.allocate(10)));
            store.damage(-1);
            blob.position(0);
            read(blob, SIZE - 10);
            read(blob, 10);
        }
    }
}
