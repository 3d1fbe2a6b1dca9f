package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.transfer.PatternStore.Read;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which requests a reader sends for which reads. */
class BlobReaderSequenceTest extends BlobReaderFixture {
    private static Read mib(int offset, int length) {
        return new Read((long) offset * M, (long) length * M);
    }

    @Test
    void noRequestIsSentBeforeTheFirstRead() throws IOException {
        try (BlobReader blob = open()) {
            assertThat(blob.isOpen()).isTrue();
            assertThat(blob.position(5).position()).isEqualTo(5);
            assertThat(blob.read(ByteBuffer.allocate(0))).isZero();
        }
        assertThat(store.reads()).isEmpty();
        assertThat(store.heads()).isZero();
    }

    @Test
    void aSmallBlobIsOneRequest() throws IOException {
        store = new PatternStore(1000);
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(4096);

            assertThat(blob.read(target)).isEqualTo(1000);

            PatternStore.assertContent(0, target.flip());
            assertThat(blob.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            assertThat(blob.size()).isEqualTo(1000);
            assertThat(blob.metadata().version()).isEqualTo(PatternStore.version(1));
        }
        assertThat(store.reads()).containsExactly(new Read(0, 1000));
        assertThat(store.heads()).isZero();
    }

    @Test
    void theTailIsOneRequest() throws IOException {
        store = new PatternStore(100L * M);
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(64 * K);

            assertThat(blob.readTail(target)).isEqualTo(64 * K);

            PatternStore.assertContent(100L * M - 64 * K, target.flip());
            assertThat(blob.size()).isEqualTo(100L * M);
            assertThat(blob.position()).isZero();
        }
        assertThat(store.reads()).containsExactly(new Read(100L * M - 64 * K, 64 * K));
        assertThat(store.heads()).isZero();
    }

    @Test
    void aLargeTailIsReadInParallel() throws IOException {
        store = new PatternStore(100L * M);
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(20 * M);
            assertThat(blob.readTail(target)).isEqualTo(20 * M);
            PatternStore.assertContent(80L * M, target.flip());
        }
        assertThat(store.reads()).hasSize(3);
        assertThat(store.bytes()).isEqualTo(20L * M);
        assertThat(store.heads()).isOne();
    }

    @Test
    void aLargeReadIsSplitAndReadInParallel() throws IOException {
        CountDownLatch together = new CountDownLatch(3);
        store.onRead(read -> {
            if (read.offset() > 0) {
                together.countDown();
                ScriptedStore.await(together);
            }
        });
        try (BlobReader blob = open(ONE_TRY.toBuilder().concurrency(3).build())) {
            read(blob, 50 * M);
        }
        assertThat(store.mostInside()).isEqualTo(3);
        assertThat(store.bytes()).isEqualTo(50 * M);
    }

    @Test
    void fromTheThirdReadOnItReadsAhead() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 2);
            assertThat(store.reads()).containsExactly(mib(0, 1), mib(1, 1));

            read(blob, M);
            assertThat(readsAfter(2)).containsExactly(mib(3, 1), mib(2, 1)); // the prefetch first

            read(blob, M);
            assertThat(readsAfter(4)).containsExactly(mib(4, 1), mib(5, 1)); // the bytes of the read were prefetched
            read(blob, M);
            assertThat(readsAfter(6)).containsExactly(mib(6, 1), mib(7, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8})
    void everythingIsFetchedOnceByFewRequestsAndNoMoreAtOnceThanAllowed(int concurrency) throws IOException {
        long size = 200L * M + 123;
        store = new PatternStore(size);
        try (BlobReader blob = open(ONE_TRY.toBuilder().concurrency(concurrency).build())) {
            assertThat(blob.size()).isEqualTo(size);
            while (blob.position() < size) {
                read(blob, M);
            }
            assertThat(blob.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
        assertThat(store.bytes()).isEqualTo(size);
        assertThat(store.mostInside())
                .isBetween(1, concurrency + 1); // the prefetches, and the request of the read itself
        assertThat(store.reads()).allSatisfy(read -> assertThat(read.length()).isBetween(1L, 8L * M));
        assertThat(store.reads()).hasSizeBetween(25, 80);
    }

    @Test
    void prefetchesAreInFlightConcurrently() throws IOException {
        CountDownLatch together = new CountDownLatch(4);
        store.onRead(read -> {
            if (read.offset() >= 12 * M) {
                together.countDown();
                ScriptedStore.await(together);
            }
        });
        try (BlobReader blob = open(ONE_TRY.toBuilder().concurrency(4).build())) {
            read(blob, M, 12);
            read(blob, M, 20);
        }
        assertThat(together.getCount()).isZero();
    }

    @Test
    void smallReadsArePrefetchedAsSoonAsLargeOnes() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, 100, 4);
            assertThat(store.reads()).contains(new Read(300, 64)); // up to 100 bytes, a power of two
            read(blob, 100, 10_000);
        }
        assertThat(store.reads()).hasSizeLessThan(50);
        assertThat(store.bytes()).isBetween(1_000_400L, 2 * 1_000_400L);
    }

    @Test
    void singleBytesOfAStreamAreFewRequests() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open();
                InputStream stream = blob.inputStream()) {
            ByteBuffer read = ByteBuffer.allocate(100_000);
            while (read.hasRemaining()) {
                read.put((byte) stream.read());
            }
            PatternStore.assertContent(0, read.flip());
        }
        assertThat(store.reads()).hasSizeLessThan(60);
    }

    @ParameterizedTest
    @CsvSource({"0, 100000", "1, 100000", "1000, 100", "600000, 100000", "3145729, 1048576", "3145729, 70000"})
    void neverMoreIsReadAheadThanAllowed(int most, int length) throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open(ONE_TRY.toBuilder().maxReadAhead(most).build())) {
            long furthest = 0;
            for (int i = 0; i < 200; i++) {
                read(blob, length);
                long end = store.reads().stream().mapToLong(Read::end).max().orElseThrow();
                assertThat(end).isBetween(blob.position(), blob.position() + most);
                furthest = Math.max(furthest, end - blob.position());
            }
            int prefetched = length <= 256 * K ? Math.min(most / 2, 512 * K) : most / 2;
            assertThat(furthest).isGreaterThanOrEqualTo(prefetched);
            assertThat(store.bytes()).isLessThanOrEqualTo(blob.position() + most);
        }
    }

    /** What small reads prefetch in vain is half a MiB and a part of what was read, wherever the reads jump. */
    @ParameterizedTest
    @CsvSource({"65536, 1024", "65536, 40", "8192, 100", "262144, 10"})
    void smallReadsThatEndEarlyFetchHardlyMoreThanTheyUse(int length, int run) throws IOException {
        use(IN_CALLER);
        SplittableRandom random = new SplittableRandom(length);
        long used = 0;
        try (BlobReader blob = open()) {
            blob.size();
            while (used < 64L * M) {
                blob.position(random.nextLong(blob.size() - 100 * M));
                read(blob, length, run);
                used += (long) length * run;
                assertThat(store.bytes()).isLessThanOrEqualTo(used + (512 + 128) * K + used / 24);
            }
        }
        assertThat(store.bytes()).isLessThanOrEqualTo((long) (1.06 * used));
    }

    @Test
    void aStreamPrefetchesWithoutThatBound() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open();
                InputStream stream = blob.inputStream()) {
            stream.readNBytes(8 * M);
            assertThat(store.reads().stream().mapToLong(Read::end).max().orElseThrow())
                    .isGreaterThan(12 * M);
        }
    }

    // ---- random access

    static LongStream seeds() {
        return LongStream.range(0, 5);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomReadsFetchNothingElse(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        try (BlobReader blob = open()) {
            for (int i = 0; i < 200; i++) {
                blob.position(random.nextLong(1L << 39));
                read(blob, M);
            }
        }
        assertThat(store.bytes()).isBetween(200L * M, 220L * M);
    }

    @Test
    void twoReadsAndAJumpFetchNothingElse() throws IOException {
        try (BlobReader blob = open()) {
            for (int i = 0; i < 50; i++) {
                blob.position((i * 7919L % 50) * 100 * M);
                read(blob, 128 * K, 2);
            }
        }
        assertThat(store.bytes()).isEqualTo(100 * 128 * K);
    }

    @Test
    void aReadOfNothingCountsForNothing() throws IOException {
        try (BlobReader blob = open()) {
            read(blob, M, 2);
            for (int i = 0; i < 10; i++) {
                assertThat(blob.read(ByteBuffer.allocate(0))).isZero();
                assertThat(blob.read(ByteBuffer.allocate(0), 1L << 50)).isZero();
            }
            blob.position(1L << 41);
            assertThat(blob.read(ByteBuffer.allocate(0))).isZero(); // not -1
        }
        assertThat(store.reads()).containsExactly(mib(0, 1), mib(1, 1));
    }

    @Test
    void positionalReadsChangeNothingForThoseInSequence() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            for (int i = 0; i < 5; i++) {
                ByteBuffer target = ByteBuffer.allocate(100);
                assertThat(blob.read(target, 77L * M * i)).isEqualTo(100);
                PatternStore.assertContent(77L * M * i, target.flip());
            }
            assertThat(blob.position()).isEqualTo(3 * M);
            int before = store.reads().size();
            read(blob, M);
            assertThat(readsAfter(before)).containsExactly(mib(4, 1), mib(5, 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 10485760", "1000000000000, -10485760", "500, 70000"})
    void readsAtRegularDistancesFindTheirBytesAhead(long from, long distance) throws IOException {
        use(IN_CALLER);
        int length = 65_536;
        List<Integer> requests = new ArrayList<>();
        try (BlobReader blob = open()) {
            for (int i = 0; i < 20; i++) {
                long position = from + i * distance;
                boolean there = store.reads().contains(new Read(position, length));
                assertThat(there).as("read %d", i).isEqualTo(i > 3);
                blob.position(position);
                read(blob, length);
                requests.add(store.reads().size());
            }
        }
        assertThat(store.reads()).doesNotHaveDuplicates();
        assertThat(requests.get(3)).isEqualTo(5);
    }

    @Test
    void regularDistancesEndWithTheBlob() throws IOException {
        use(IN_CALLER);
        store = new PatternStore(10 * M);
        try (BlobReader blob = open()) {
            for (int i = 0; i < 10; i++) {
                blob.position((long) i * M);
                read(blob, 1000);
            }
            for (int i = 9; i >= 0; i--) {
                blob.position((long) i * M);
                read(blob, 1000);
            }
        }
        assertThat(store.bytes()).isEqualTo(19 * 1000); // the last block is still in memory when the reads turn back
    }

    // ---- seeks

    @Test
    void seeksInsidePrefetchedBytesFetchNothingAgain() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 12); // prefetches up to about 22 MiB
            long fetched = store.reads().stream().mapToLong(Read::end).max().orElseThrow();
            assertThat(fetched).isGreaterThan(16 * M);
            int before = store.reads().size();

            blob.position(blob.position() - M / 2); // back inside the block
            read(blob, 1000);
            blob.position(13 * M + 5); // forward
            read(blob, 1000);
            blob.position(13 * M);
            read(blob, 1000);
            blob.position(fetched - 1000);
            read(blob, 1000);

            assertThat(readsAfter(before))
                    .allSatisfy(read -> assertThat(read.offset()).isGreaterThanOrEqualTo(fetched));
        }
        assertThat(store.bytes())
                .isEqualTo(store.reads().stream().mapToLong(Read::end).max().orElseThrow());
    }

    @Test
    void aJumpCancelsPrefetchesAndDoesNotWaitForThem() throws Exception {
        CountDownLatch stalled = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        store.onRead(read -> {
            if (read.offset() == 3 * M) {
                stalled.countDown();
                try {
                    ScriptedStore.awaitInterrupt();
                } catch (IOException e) {
                    interrupted.countDown();
                    ScriptedStore.awaitUninterruptibly(go);
                    throw e;
                }
            }
        });
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            ScriptedStore.await(stalled);

            blob.position(1L << 30);
            read(blob, M);

            ScriptedStore.await(interrupted);
            assertThat(store.inside()).isEqualTo(1);
            assertThat(reader.readAheadMemory().taken()).isEqualTo(M); // it is still being written to
            go.countDown();
            awaitNothingTaken();
            read(blob, M, 5); // the history begins anew
        }
    }

    @Test
    void aJumpReturnsTheMemory() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 10);
            assertThat(reader.readAheadMemory().taken()).isGreaterThan(5 * M);

            blob.position(1L << 30);
            read(blob, M);

            assertThat(reader.readAheadMemory().taken()).isZero();
        }
    }

    @Test
    void prefetchesThatHaveNotBegunAreDroppedAtOnce() throws IOException {
        List<Runnable> queue = new ArrayList<>();
        use(queue::add);
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            assertThat(queue).hasSize(1);

            blob.position(1L << 30);
            read(blob, M);

            assertThat(reader.readAheadMemory().taken()).isZero();
            queue.forEach(Runnable::run); // the tasks run too late, and do nothing
            assertThat(store.reads()).containsExactly(mib(0, 1), mib(1, 1), mib(2, 1), new Read(1L << 30, M));
        }
    }

    private void awaitNothingTaken() {
        while (reader.readAheadMemory().taken() > 0) {
            Thread.onSpinWait();
        }
    }
}
