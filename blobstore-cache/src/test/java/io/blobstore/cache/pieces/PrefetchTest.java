package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.Operation;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.cache.AccessTrace;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.transfer.PatternStore;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Fetching pieces before they are read. */
class PrefetchTest extends PieceFixture {
    private final TransferManager transfers = TransferManager.create();
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void closeTransfers() {
        gate.countDown();
        transfers.close();
    }

    private Prefetching prefetch(ByteRange... ranges) throws IOException {
        return prefetch(remote, List.of(ranges));
    }

    private Prefetching prefetch(BlobStore store, List<ByteRange> ranges) throws IOException {
        return cache().prefetch(transfers, store, blob(), ranges);
    }

    @Test
    void theSecondStartOfTheSameImageSendsNoRequest() throws Exception {
        SplittableRandom random = new SplittableRandom(8);
        AccessTrace.Recorder recorder = AccessTrace.recorder();
        long[] offsets = random.longs(20, 0, SIZE - 5000).toArray();
        for (long offset : offsets) {
            recorder.record(offset, 5000);
            read(offset, 5000);
        }
        recorder.trace().save(directory.resolve("trace"));
        cache().remove(remote, PatternStore.KEY);

        AccessTrace trace = AccessTrace.load(directory.resolve("trace"));
        prefetch(remote, trace.within(SIZE)).end().get();

        remote.clearReads();
        for (long offset : offsets) {
            read(offset, 5000);
        }
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void piecesAreFetchedInTheOrderOfTheirFirstUse() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        Prefetching prefetching = prefetch(
                ByteRange.of(8 * PIECE, 10),
                ByteRange.of(3 * PIECE - 1, 2),
                ByteRange.of(8 * PIECE + 20, 10),
                ByteRange.of(0, 1),
                ByteRange.of(6 * PIECE, 1));
        Blocking.until(() -> remote.inside() == 4);
        assertThat(remote.reads()).extracting(read -> read.offset() / PIECE).containsExactlyInAnyOrder(8L, 2L, 3L, 0L);

        gate.countDown();

        assertThat(prefetching.end().get()).isEqualTo(5 * PIECE);
        assertThat(remote.reads()).hasSize(5);
        assertThat(remote.mostInside()).isEqualTo(4);
    }

    @Test
    void whatIsThereIsNotFetchedAndWhatIsBeingFetchedIsShared() throws Exception {
        read(PIECE, 1);
        remote.onRead(read -> Blocking.await(gate));
        Prefetching prefetching = prefetch(ByteRange.all());
        Blocking.until(() -> remote.inside() == 4);
        FutureTask<Void> reader = start(() -> read(0, 3 * PIECE));

        gate.countDown();

        reader.get();
        prefetching.end().get();
        assertThat(remote.bytes()).isEqualTo(SIZE);
    }

    @Test
    void noMoreIsFetchedThanThereIsRoomFor() throws Exception {
        cache(3L * PIECE);

        prefetch(ByteRange.of(5 * PIECE, 10), ByteRange.all()).end().get();

        assertThat(remote.reads()).extracting(read -> read.offset() / PIECE).containsExactlyInAnyOrder(5L, 0L, 1L);
        assertThat(cache().stats().evictions()).isZero();
    }

    @Test
    void failedRequestsAreRepeatedByTheTransfers() throws Exception {
        FaultyBlobStore faulty = FaultyBlobStore.over(remote)
                .at(1, Fault.ERROR)
                .at(2, Fault.TRUNCATED_READ)
                .build();
        BlobMetadata blob = blob();

        cache().prefetch(transfers, faulty, blob, List.of(ByteRange.all()))
                .end()
                .get();

        remote.clearReads();
        read(faulty, blob, 0, (int) SIZE);
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aFinalFailureEndsIt() throws Exception {
        remote.onRead(read -> {
            throw new BlobStoreException(Operation.READ, PatternStore.KEY, "injected", null, false);
        });

        Prefetching prefetching = prefetch(ByteRange.all());

        assertThatThrownBy(() -> prefetching.end().get())
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseInstanceOf(BlobStoreException.class);
        assertThat(remote.reads()).hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void cancellingEndsTheRequestsAndReadersGoOn() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        remote.onRead(read -> {
            try {
                Blocking.await(gate);
            } finally {
                interrupted.countDown();
            }
        });
        Prefetching prefetching = prefetch(ByteRange.of(0, 1));
        Blocking.until(() -> remote.inside() == 1);
        FutureTask<Void> reader = start(() -> read(0, 10));

        prefetching.cancel();

        assertThatThrownBy(() -> prefetching.end().get())
                .satisfies(e -> assertThat(
                                e instanceof CancellationException || e.getCause() instanceof CancellationException)
                        .isTrue());
        Blocking.await(interrupted);
        gate.countDown();
        reader.get();
    }

    @Test
    void closingTheCacheCancelsIt() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        Prefetching prefetching = prefetch(ByteRange.all());
        Blocking.until(() -> remote.inside() == 4);

        close();

        assertThatThrownBy(() -> prefetching.end().get()).isInstanceOf(Exception.class);
        assertThat(remote.inside()).isZero();
        gate.countDown();
        cache(); // not locked any more
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void rangesOutsideTheBlobAreErrors() {
        assertThatThrownBy(() -> prefetch(ByteRange.of(SIZE, 1))).isInstanceOf(RangeNotSatisfiableException.class);
    }
}
