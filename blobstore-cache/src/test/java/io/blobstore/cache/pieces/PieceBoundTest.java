package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.memory.Lease;
import io.blobstore.transfer.PatternStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The bound on the bytes on the disk. */
class PieceBoundTest extends PieceFixture {
    @Test
    void thePiecesUnusedForLongestAreEvicted() throws Exception {
        cache(3L * PIECE);
        read(0, 1);
        read(PIECE, 1);
        read(2 * PIECE, 1);
        read(0, 1); // used again
        read(3 * PIECE, 1);
        remote.clearReads();

        read(0, 1);
        read(2 * PIECE, 1);
        read(3 * PIECE, 1);

        assertThat(remote.reads()).isEmpty();
        assertThat(bytesOnDisk()).isEqualTo(3 * PIECE);
        assertThat(cache().stats().evictions()).isEqualTo(1);
    }

    @Test
    void theOrderOfUseSurvivesARestart() throws Exception {
        cache(4L * PIECE);
        for (int piece : new int[] {3, 1, 2, 0, 3, 1}) {
            read((long) piece * PIECE, 1);
        }

        reopened(4L * PIECE);
        read(5 * PIECE, 1); // evicts 2
        read(6 * PIECE, 1); // evicts 0
        remote.clearReads();
        read(PIECE, 1);
        read(3 * PIECE, 1);

        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aSmallerBoundIsKeptFromTheStart() throws Exception {
        read(0, (int) SIZE);

        reopened(2L * PIECE);

        assertThat(bytesOnDisk()).isLessThanOrEqualTo(2L * PIECE);
        assertThat(cache().stats().bytes()).isEqualTo(bytesOnDisk());
    }

    @Test
    void aDamagedOrderIsIgnored() throws Exception {
        read(0, (int) SIZE);
        close();
        Files.writeString(path().resolve("order"), "00000000\nsomething");
        remote.clearReads();

        read(0, (int) SIZE);

        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aReadLargerThanTheCacheSucceeds() throws Exception {
        cache(2L * PIECE);

        read(0, (int) SIZE);

        assertThat(bytesOnDisk()).isLessThanOrEqualTo(2L * PIECE);
    }

    @Test
    void readsGoAroundTheCacheWhenEverythingInItIsInUse() throws Exception {
        cache(2L * PIECE);
        BlobMetadata blob = blob();
        read(0, 2 * PIECE);
        try (Lease view = cache().view(remote, blob, ByteRange.of(0, 2 * PIECE)).orElseThrow()) {
            remote.clearReads();

            read(4 * PIECE + 5, PIECE);
            read(4 * PIECE + 5, PIECE);

            // exactly what is wanted of each piece, each time
            assertThat(remote.reads())
                    .containsExactly(
                            new PatternStore.Read(4 * PIECE + 5, PIECE - 5),
                            new PatternStore.Read(5 * PIECE, 5),
                            new PatternStore.Read(4 * PIECE + 5, PIECE - 5),
                            new PatternStore.Read(5 * PIECE, 5));
            assertThat(cache().stats().bypassed()).isEqualTo(4);
            assertThat(bytesOnDisk()).isEqualTo(2 * PIECE);
            PatternStore.assertContent(0, view.buffers().get(0));
        }
        read(4 * PIECE, 1);
        assertThat(cache().stats().bypassed()).isEqualTo(4);
    }

    @Test
    void readsGoAroundTheCacheWhenTheDiskFails() throws Exception {
        cache();
        Files.delete(path().resolve("tmp"));
        Files.createFile(path().resolve("tmp"));

        read(0, 2 * PIECE);
        read(0, 2 * PIECE);

        assertThat(cache().stats().bytes()).isZero();
        assertThat(files()).isEmpty();
    }

    @Test
    void theBoundIsKeptDuringEachRequestAndAfterEachRead() throws Exception {
        long max = 3L * PIECE + 4096;
        cache(max);
        remote.onRead(read -> assertThat(bytesOnDisk()).isLessThanOrEqualTo(max));
        BlobMetadata blob = blob();
        FaultyBlobStore faulty = faulty();
        SplittableRandom random = new SplittableRandom(11);
        for (int n = 0; n < CampaignScale.of(3000); n++) {
            readOnce(faulty, blob, random);
            assertThat(bytesOnDisk()).isLessThanOrEqualTo(max);
            assertThat(cache().stats().bytes()).isEqualTo(bytesReserved());
        }
    }

    private FaultyBlobStore faulty() {
        return FaultyBlobStore.over(remote)
                .seed(5)
                .chance(Fault.TRUNCATED_READ, 0.1)
                .chance(Fault.ERROR, 0.02)
                .build();
    }

    @Test
    void theBoundIsKeptAtEveryMomentWhileManyThreadsReadMoreThanTheCacheHolds() throws Exception {
        readAtRandom(CampaignScale.of(3000));
    }

    @Test
    @Campaign(representedBy = PieceBoundTest.class)
    void theBoundIsKeptForLong() throws Exception {
        readAtRandom(CampaignScale.of(100_000));
    }

    private void readAtRandom(int readsOfEach) throws Exception {
        long max = 5L * PIECE + 4096;
        cache(max);
        FaultyBlobStore faulty = faulty();
        BlobMetadata blob = blob();
        List<FutureTask<Void>> readers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int seed = i;
            readers.add(start(() -> {
                SplittableRandom random = new SplittableRandom(seed);
                for (int n = 0; n < readsOfEach; n++) {
                    readOnce(faulty, blob, random);
                }
            }));
        }
        AtomicBoolean ended = new AtomicBoolean();
        FutureTask<Void> sampler = start(() -> {
            while (!ended.get()) {
                // The accounts, as files that are renamed or deleted meanwhile would be counted twice.
                assertThat(cache().stats().bytes()).isLessThanOrEqualTo(max);
            }
        });

        for (FutureTask<Void> reader : readers) {
            reader.get();
        }
        ended.set(true);
        sampler.get();
        assertThat(cache().stats().bytes()).isEqualTo(bytesReserved()).isLessThanOrEqualTo(max);
        reopened(max);
        assertThat(cache().stats().bytes()).isEqualTo(bytesOnDisk());
        assertThat(temporaries()).isEmpty();
    }

    /** Returns the bytes of the pieces, and of unfinished ones when they are finished. */
    private long bytesReserved() throws IOException {
        return files().stream()
                        .mapToLong(file -> (file.toFile().length() + 4095) & -4096L)
                        .sum()
                + (long) temporaries().size() * PIECE;
    }

    private void readOnce(FaultyBlobStore store, BlobMetadata blob, SplittableRandom random) throws IOException {
        int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 3 * PIECE : 1000);
        long offset = random.nextLong(SIZE - length);
        if (random.nextInt(20) == 0) {
            try (Lease view =
                    cache().view(store, blob, ByteRange.of(offset, length)).orElse(null)) {
                if (view != null) {
                    PatternStore.assertContent(offset, view.buffers().get(0));
                }
            }
            return;
        }
        try {
            read(store, blob, offset, length);
        } catch (BlobStoreException e) {
            assertThat(e.isRetryable()).isTrue();
        }
    }

    // ---- bad input

    @Test
    void wrongSizesAreRefused() {
        for (int size : new int[] {0, 4096, 100_000, PieceLayout.MAX_PIECE_SIZE * 2, -PIECE}) {
            assertThatThrownBy(() -> PieceCache.open(path(), size, 1L << 30))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("power of two");
        }
        assertThatThrownBy(() -> PieceCache.open(path(), PIECE, PIECE - 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one");
    }

    @Test
    void blobsOfAnySizeAreDividedWithoutOverflow() throws Exception {
        for (long size : new long[] {Long.MAX_VALUE, 8L << 40, (8L << 40) + 1}) {
            for (int pieceSize : new int[] {PIECE, 4 << 20, PieceLayout.MAX_PIECE_SIZE}) {
                PieceLayout layout = new PieceLayout(size, pieceSize);
                long last = layout.count() - 1;
                assertThat(layout.pieceAt(size - 1)).isEqualTo(last);
                assertThat(layout.end(last)).isEqualTo(size);
                assertThat(layout.length(last)).isBetween(1, pieceSize);
                assertThat(layout.length(0)).isEqualTo(pieceSize);
            }
        }
        remote.replace(Long.MAX_VALUE);
        BlobMetadata blob = blob();
        ByteBuffer memory = ByteBuffer.allocateDirect(100);
        cache().read(remote, blob, ByteRange.of(Long.MAX_VALUE - 100, 100), BlobTarget.Window.of(memory));
        assertThat(memory.hasRemaining()).isFalse();
        assertThat(remote.reads())
                .singleElement()
                .satisfies(read -> assertThat(read.end()).isEqualTo(Long.MAX_VALUE));
        reopened();
        cache().read(remote, blob, ByteRange.of(Long.MAX_VALUE - 1, 1), BlobTarget.Window.of(memory.clear()));
        assertThat(remote.reads()).hasSize(1);
    }
}
