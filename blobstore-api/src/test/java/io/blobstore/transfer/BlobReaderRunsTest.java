package io.blobstore.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.ReadOptions;
import io.blobstore.transfer.PatternStore.Read;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what a reader fetches if one short run of sequential reads follows another, and beside other readers. */
class BlobReaderRunsTest extends BlobReaderFixture {
    /** Reads a run at a position, in pieces of these sizes. */
    private void member(BlobReader blob, long position, int... pieces) throws IOException {
        blob.position(position);
        for (int piece : pieces) {
            read(blob, piece);
        }
    }

    // ---- runs of similar lengths

    @Test
    void fromTheThirdMemberOnHeaderAndContentAreFetchedTogether() throws IOException {
        use(IN_CALLER);
        int members = 20;
        try (BlobReader blob = open()) {
            blob.size();
            for (int i = 0; i < members; i++) {
                member(blob, (i * 7L % members) * 100 * M + i, 4 * K, 252 * K);
                if (i >= 2) { // the halves at the same time
                    long start = (i * 7L % members) * 100 * M + i;
                    assertThat(readsAfter(2 * i))
                            .containsExactlyInAnyOrder(new Read(start, 128 * K), new Read(start + 128 * K, 128 * K));
                }
            }
        }
        assertThat(store.bytes()).isEqualTo((long) members * 256 * K);
        assertThat(store.reads()).hasSize(2 * members);
    }

    @Test
    void smallMembersAreOneRequest() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            blob.size();
            for (int i = 0; i < 10; i++) {
                member(blob, (i * 7L % 10) * 100 * M + i, 30, 10_016);
            }
        }
        assertThat(store.reads()).hasSize(2 * 2 + 8).endsWith(new Read((63 % 10) * 100L * M + 9, 10_046));
        assertThat(store.bytes()).isEqualTo(10 * 10_046L);
    }

    @Test
    void membersInPiecesFetchNothingBehindThem() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            blob.size();
            for (int i = 0; i < 2; i++) {
                member(blob, i * 300L * M + i * i, 4 * K, 64 * K, 64 * K, 64 * K, 60 * K);
            }
            store.clearReads();
            for (int i = 2; i < 50; i++) {
                member(blob, i * 300L * M + i * i, 4 * K, 64 * K, 64 * K, 64 * K, 60 * K);
            }
        }
        assertThat(store.bytes()).isEqualTo(48 * 256L * K);
        assertThat(store.reads()).hasSize(48 * 2);
    }

    @Test
    void aMemberThatIsLongerThanTheOthersIsReadAheadAsUsual() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            for (int i = 0; i < 3; i++) {
                member(blob, i * 300L * M + i * i, 10 * K, 10 * K);
            }
            store.clearReads();
            blob.position(1L << 35);
            read(blob, 100 * K, 100);
        }
        assertThat(store.reads()).hasSizeLessThan(100);
    }

    @Test
    void withoutReadAheadNothingIsFetchedTogether() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open(ONE_TRY.toBuilder().maxReadAhead(0).build())) {
            for (int i = 0; i < 6; i++) {
                member(blob, i * 300L * M + i * i, 10 * K, 20 * K);
            }
        }
        assertThat(store.reads()).hasSize(12);
    }

    /** Members of random lengths, read in pieces of random lengths: what is fetched in vain stays within the bound. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whatIsExpectedInVainIsBounded(long seed) throws IOException {
        use(IN_CALLER);
        SplittableRandom random = new SplittableRandom(seed);
        int largest = 1 << (10 + 3 * (int) seed);
        long used = 0;
        try (BlobReader blob = open()) {
            blob.size();
            for (int i = 0; i < 500 && used < 64L * M; i++) {
                blob.position(random.nextLong(1L << 39));
                for (int left = 1 + random.nextInt(largest); left > 0; ) {
                    int piece = Math.min(left, 1 + random.nextInt(Math.min(largest, 256 * K)));
                    read(blob, piece);
                    left -= piece;
                    used += piece;
                }
                assertThat(store.bytes()).isLessThanOrEqualTo(used + (512 + 128) * K + used / 24);
            }
        }
    }

    /** Requests of small reads in flight count as two thirds of their bytes. */
    @Test
    void requestsInFlightMayBeMoreThanBytesThatHaveArrived() throws IOException {
        int read = 8 * M;
        store.onRead(request -> {
            if (request.offset() >= read) {
                ScriptedStore.awaitInterrupt(); // by the close
            }
        });
        try (BlobReader blob = open()) {
            read(blob, 64 * K, read / (64 * K));
            while (store.bytes() - read < 512L * K + read / 24) { // until threads have begun with them
                Thread.onSpinWait();
            }
            assertThat(store.bytes() - read).isLessThanOrEqualTo((768L + 64) * K + read / 16);
        }
    }

    // ---- other readers

    /** Reads a part of the blob in pieces of a MiB. */
    private void part(BlobReader blob, int first, int pieces) throws IOException {
        blob.position((long) first * M);
        read(blob, M, pieces);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8})
    void readersThatEachReadAPartFetchEachByteOnce(int readers) throws Exception {
        int size = 256;
        store = new PatternStore((long) size * M);
        ExecutorService threads = Executors.newFixedThreadPool(readers);
        CountDownLatch sequential = new CountDownLatch(readers);
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
            int first = i * size / readers;
            ends.add(threads.submit(() -> {
                try (BlobReader blob = open()) {
                    part(blob, first, 3);
                    sequential.countDown();
                    ScriptedStore.await(sequential);
                    read(blob, M, size / readers - 3);
                    return null;
                }
            }));
        }
        for (Future<?> end : ends) {
            end.get();
        }
        threads.shutdown();
        assertThat(store.bytes()).isEqualTo((long) size * M);
    }

    @Test
    void aReaderThatWasClosedStillTellsWhereItsPartBegan() throws IOException {
        use(IN_CALLER);
        store = new PatternStore(64L * M);
        try (BlobReader first = open()) {
            part(first, 0, 3);
            try (BlobReader second = open()) {
                part(second, 32, 32);
            }
            read(first, M, 29);
        }
        assertThat(store.bytes()).isEqualTo(64L * M);
    }

    @Test
    void aReaderThatGoesOnIsNotRestrainedAgain() throws IOException {
        use(IN_CALLER);
        store = new PatternStore(256L * M);
        try (BlobReader first = open();
                BlobReader second = open();
                BlobReader third = open()) {
            part(second, 32, 4);
            part(third, 64, 4);
            part(first, 0, 32);
            assertThat(fetched(32 * M, 64 * M)).isEqualTo(6L * M); // what the second one has read and prefetched
            read(first, M); // into its part
            assertThat(fetched(32 * M, 64 * M)).isGreaterThan(16L * M);
            read(first, M, 29);
            assertThat(fetched(64 * M, 96 * M)).isGreaterThan(16L * M);
        }
    }

    /** Returns the number of bytes that were requested from a part of the blob. */
    private long fetched(int from, int to) {
        return store.reads().stream()
                .mapToLong(read -> Math.max(0, Math.min(read.end(), to) - Math.max(read.offset(), from)))
                .sum();
    }

    @Test
    void itsOwnBeginningsDoNotRestrainAReader() throws IOException {
        use(IN_CALLER);
        store = new PatternStore(256L * M);
        try (BlobReader blob = open()) {
            part(blob, 32, 4);
            store.clearReads();
            part(blob, 0, 30);
            assertThat(fetched(32 * M, 64 * M)).isGreaterThan(8L * M);
        }
        try (BlobReader next = open()) { // and nothing is known of those that were closed before
            store.clearReads();
            part(next, 0, 30);
            assertThat(fetched(32 * M, 64 * M)).isGreaterThan(8L * M);
        }
    }

    @Test
    void readersOfAnotherBlobVersionDoNotRestrainAReader() throws IOException {
        use(IN_CALLER);
        store = new PatternStore(256L * M);
        ReaderOptions named = ONE_TRY.toBuilder()
                .read(ReadOptions.ifMatch(PatternStore.version(1)))
                .build();
        try (BlobReader first = open();
                BlobReader other = open(named)) {
            part(other, 32, 4);
            store.clearReads();
            part(first, 0, 30);
            assertThat(fetched(32 * M, 64 * M)).isGreaterThan(8L * M);
        }
    }

    // ---- the first read

    @Test
    void theFirstReadIsOneRequestWhereverItIs() throws IOException {
        store = new PatternStore(2 * M);
        try (BlobReader blob = open();
                BlobReader other = open()) {
            ByteBuffer target = ByteBuffer.allocate(50);
            assertThat(blob.position(2 * M - 40).read(target)).isEqualTo(40);
            PatternStore.assertContent(2 * M - 40, target.flip());
            assertThat(blob.size()).isEqualTo(2 * M);
            assertThat(other.read(ByteBuffer.allocate(1), 2 * M)).isEqualTo(-1);
            assertThat(other.size()).isEqualTo(2 * M);
        }
        assertThat(store.heads()).isZero();
        assertThat(store.bytes()).isEqualTo(40);
    }

    @Test
    void behindTheEndTheSizeIsRequested() throws IOException {
        store = new PatternStore(2 * M);
        try (BlobReader blob = open()) {
            assertThat(blob.read(ByteBuffer.allocate(1), 2 * M + 1)).isEqualTo(-1);
            assertThat(blob.read(ByteBuffer.allocate(1), Long.MAX_VALUE)).isEqualTo(-1);
        }
        assertThat(store.heads()).isOne();
        assertThat(store.bytes()).isZero();
    }

    @Test
    void aLargeFirstReadInTheMiddleIsReadInParallel() throws IOException {
        store = new PatternStore(100L * M);
        try (BlobReader blob = open()) {
            ByteBuffer target = ByteBuffer.allocate(20 * M);
            assertThat(blob.read(target, 10 * M)).isEqualTo(20 * M);
            PatternStore.assertContent(10L * M, target.flip());
        }
        assertThat(store.heads()).isOne();
        assertThat(store.reads()).hasSize(3);
    }
}
