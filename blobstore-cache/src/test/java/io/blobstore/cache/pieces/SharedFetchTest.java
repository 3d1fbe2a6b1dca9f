package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.internal.concurrent.Interrupts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Several threads that need the same pieces. */
class SharedFetchTest extends PieceFixture {
    private final CountDownLatch gate = new CountDownLatch(1);

    /** Starts threads that read the first piece, the first of which is inside its request when this method returns. */
    private List<Reader> startReaders(int count) throws Exception {
        List<Reader> readers = new ArrayList<>();
        BlobMetadata blob = blob();
        cache();
        for (int i = 0; i < count; i++) {
            readers.add(new Reader(() -> read(remote, blob, 0, 100)));
            if (i == 0) {
                Blocking.until(() -> remote.inside() == 1);
            }
        }
        readers.forEach(reader -> Blocking.untilParked(reader.thread));
        return readers;
    }

    private static final class Reader {
        final FutureTask<Boolean> outcome;
        final Thread thread;

        /** The outcome is whether the interrupt status was set at the end. */
        Reader(Work work) {
            outcome = new FutureTask<>(() -> {
                try {
                    work.run();
                    return Thread.currentThread().isInterrupted();
                } catch (BlobStoreException e) {
                    if (Interrupts.caused(e)) {
                        assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    }
                    throw e;
                }
            });
            thread = new Thread(outcome, "reader");
            thread.setDaemon(true);
            thread.start();
        }

        Throwable failure() throws InterruptedException {
            try {
                outcome.get();
                throw new AssertionError("the read succeeded");
            } catch (ExecutionException e) {
                return e.getCause();
            }
        }
    }

    @Test
    void sixtyFourThreadsThatReadOneColdPieceSendOneRequest() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        List<Reader> readers = startReaders(64);

        gate.countDown();

        for (Reader reader : readers) {
            assertThat(reader.outcome.get()).isFalse();
        }
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void anInterruptedWaiterLeavesTheFetchAlone() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        List<Reader> readers = startReaders(3);

        readers.get(1).thread.interrupt();

        assertThat(readers.get(1).failure()).isInstanceOf(BlobStoreException.class);
        gate.countDown();
        assertThat(readers.get(0).outcome.get()).isFalse();
        assertThat(readers.get(2).outcome.get()).isFalse();
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void afterAnInterruptOfTheFetchingThreadAWaiterFetches() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        List<Reader> readers = startReaders(3);

        readers.get(0).thread.interrupt();

        assertThat(Interrupts.caused(readers.get(0).failure())).isTrue();
        Blocking.until(() -> remote.reads().size() == 2);
        gate.countDown();
        assertThat(readers.get(1).outcome.get()).isFalse();
        assertThat(readers.get(2).outcome.get()).isFalse();
        assertThat(remote.reads()).hasSize(2);
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void afterAFailureThatMayPassTheNextOneFetches() throws Exception {
        AtomicInteger requests = new AtomicInteger();
        remote.onRead(read -> {
            Blocking.await(gate);
            if (requests.incrementAndGet() == 1) {
                throw failure(true);
            }
        });
        List<Reader> readers = startReaders(8);

        gate.countDown();

        assertThat(readers.get(0).failure()).hasMessageContaining("injected");
        for (Reader reader : readers.subList(1, 8)) {
            assertThat(reader.outcome.get()).isFalse();
        }
        assertThat(remote.reads()).hasSize(2);
    }

    private static final BlobKey KEY_OF_FAILURES = BlobKey.of("some-blob");

    static List<BlobStoreException> finalFailures() {
        return List.of(
                new IntegrityException(Operation.READ, KEY_OF_FAILURES, "scripted", null),
                new PreconditionFailedException(Operation.READ, KEY_OF_FAILURES, "scripted", null),
                new BlobNotFoundException(Operation.READ, KEY_OF_FAILURES, null),
                new StoreNotFoundException(Operation.READ, KEY_OF_FAILURES, "scripted", null),
                new PermissionDeniedException(Operation.READ, KEY_OF_FAILURES, "scripted", null),
                new BlobStoreException(Operation.READ, KEY_OF_FAILURES, "scripted", null, false));
    }

    @ParameterizedTest
    @MethodSource("finalFailures")
    void readersThatWaitedFailWithTheTypeOfTheFailure(BlobStoreException failure) throws Exception {
        remote.onRead(read -> {
            Blocking.await(gate);
            throw failure;
        });
        List<Reader> readers = startReaders(4);

        gate.countDown();

        for (Reader reader : readers) {
            assertThat(reader.failure()).isExactlyInstanceOf(failure.getClass());
        }
    }

    @Test
    void aStoreThatKeepsFailingIsAskedByOneThreadAtATimeAndOnceByEachAtMost() throws Exception {
        remote.onRead(read -> {
            Blocking.await(gate);
            throw failure(true);
        });
        List<Reader> readers = startReaders(16);

        gate.countDown();

        for (Reader reader : readers) {
            assertThat(reader.failure()).isInstanceOf(BlobStoreException.class);
            assertThat(((BlobStoreException) reader.failure()).isRetryable()).isTrue();
        }
        assertThat(remote.mostInside()).isEqualTo(1);
        assertThat(remote.reads()).hasSizeBetween(2, 16);
    }

    @Test
    void afterAFinalFailureAllWaitersFail() throws Exception {
        remote.onRead(read -> {
            Blocking.await(gate);
            throw failure(false);
        });
        List<Reader> readers = startReaders(8);

        gate.countDown();

        for (Reader reader : readers) {
            assertThat(reader.failure()).hasMessageContaining("injected");
        }
        assertThat(remote.reads()).hasSize(1);
    }

    private static BlobStoreException failure(boolean retryable) {
        return new BlobStoreException(Operation.READ, null, "injected", null, retryable);
    }

    @Test
    void aReaderOfTwoPiecesSharesTheOneThatAnotherFetches() throws Exception {
        AtomicReference<CountDownLatch> second = new AtomicReference<>(new CountDownLatch(1));
        remote.onRead(read -> Blocking.await(read.offset() == 0 ? gate : second.get()));
        Reader first = new Reader(() -> read(0, 10));
        Blocking.until(() -> remote.inside() == 1);
        Reader other = new Reader(() -> read(0, 2 * PIECE));
        Blocking.untilParked(other.thread);

        second.get().countDown();
        gate.countDown();

        first.outcome.get();
        other.outcome.get();
        assertThat(remote.bytes()).isEqualTo(2 * PIECE);
    }

    // ---- requests that end early

    @Test
    void whatArrivedBeforeAConnectionEndedIsNotFetchedAgain() throws Exception {
        FaultyBlobStore faulty =
                FaultyBlobStore.over(remote).seed(1).at(1, Fault.TRUNCATED_READ).build();
        BlobMetadata blob = blob();

        assertThatThrownBy(() -> read(faulty, blob, 0, 3 * PIECE))
                .isInstanceOfSatisfying(
                        BlobStoreException.class,
                        e -> assertThat(e.isRetryable()).isTrue());
        read(faulty, blob, 0, 3 * PIECE);

        assertThat(remote.reads()).hasSize(2);
        assertThat(remote.reads().get(1).offset()).isPositive();
        assertThat(remote.reads().get(1).end()).isEqualTo(3 * PIECE);
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void unfinishedPiecesMakeRoomForOthers() throws Exception {
        FaultyBlobStore faulty =
                FaultyBlobStore.over(remote).seed(1).at(1, Fault.TRUNCATED_READ).build();
        cache(PIECE);
        BlobMetadata blob = blob();
        assertThatThrownBy(() -> read(faulty, blob, 0, 1)).isInstanceOf(BlobStoreException.class);
        assertThat(temporaries()).hasSize(1);

        read(faulty, blob, PIECE, 1);

        assertThat(files()).hasSize(1);
        assertThat(temporaries()).isEmpty();
        assertThat(cache().stats().bytes()).isEqualTo(PIECE);
    }

    @Test
    void aBlobThatIsReplacedMeanwhileIsAnError() throws Exception {
        BlobMetadata old = blob();
        remote.replace(SIZE);

        assertThatThrownBy(() -> read(remote, old, 0, 1)).isInstanceOf(PreconditionFailedException.class);

        assertThat(files()).isEmpty();
        assertThat(cache().stats().bytes()).isZero();
    }

    @Test
    void anInterruptBeforeAReadFailsItAndLeavesTheFlagSet() throws Exception {
        read(0, 10);
        BlobMetadata blob = blob();
        cache();

        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> read(remote, blob, 0, 10))
                    .satisfies(e -> assertThat(Interrupts.caused(e)).isTrue());
            assertThatThrownBy(() -> read(remote, blob, PIECE, 10))
                    .satisfies(e -> assertThat(Interrupts.caused(e)).isTrue());
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }

        read(0, 10);
        read(PIECE, 10);
        assertThat(temporaries()).isEmpty();
    }

    @Test
    void anInterruptIsNotTakenForDamage() throws Exception {
        read(0, 2 * PIECE);
        BlobMetadata blob = blob();
        reopened(); // pieces are compared with their checksums again
        remote.clearReads();

        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> read(remote, blob, 0, 10))
                    .satisfies(e -> assertThat(Interrupts.caused(e)).isTrue());
            assertThatThrownBy(() -> cache().view(remote, blob, ByteRange.of(0, 10)))
                    .satisfies(e -> assertThat(Interrupts.caused(e)).isTrue());
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }

        read(0, 2 * PIECE);
        assertThat(remote.reads()).isEmpty();
        assertThat(cache().stats().damaged()).isZero();
    }

    // ---- closing

    @Test
    void closingLetsReadsEndBeforeTheDirectoryIsUnlocked() throws Exception {
        remote.onRead(read -> Blocking.await(gate));
        List<Reader> readers = startReaders(2);
        PieceCache closing = cache();
        close();

        assertThatThrownBy(() -> PieceCache.open(path(), PIECE, PIECE)).hasMessageContaining("is open in this process");
        assertThatThrownBy(() -> closing.view(remote, blob(), ByteRange.of(0, 1)))
                .isInstanceOf(IllegalStateException.class);
        gate.countDown();
        readers.get(0).outcome.get();
        readers.get(1).outcome.get();

        remote.clearReads();
        read(0, 100);
        assertThat(remote.reads()).isEmpty();
    }
}
