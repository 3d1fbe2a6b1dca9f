package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests readers with failing stores, and with executors that run few tasks or none. */
class BlobReaderFailureTest extends BlobReaderFixture {
    // ---- stores

    /** Makes requests for one offset fail while the returned flag is set. */
    private AtomicBoolean failAt(long offset) {
        AtomicBoolean failing = new AtomicBoolean(true);
        store.onRead(read -> {
            if (read.offset() == offset && failing.get()) {
                throw ScriptedStore.failure("refused", false);
            }
        });
        return failing;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBlockThatFailedIsReportedOnceAndReadAgain(boolean inCaller) throws IOException {
        if (inCaller) {
            use(IN_CALLER);
        }
        AtomicBoolean failing = failAt(3 * M);
        try (BlobReader blob = open()) {
            read(blob, M, 3); // the failure is not reported yet

            ByteBuffer target = ByteBuffer.allocate(M + 5).position(5);
            assertThatExceptionOfType(BlobStoreException.class)
                    .isThrownBy(() -> blob.read(target))
                    .withMessageContaining("refused");
            assertThat(target.position()).isEqualTo(5);
            assertThat(target.limit()).isEqualTo(M + 5);
            assertThat(blob.position()).isEqualTo(3 * M);

            failing.set(false);
            read(blob, M, 20);
        }
        assertThat(store.reads()).filteredOn(read -> read.offset() == 3 * M).hasSize(2);
    }

    @Test
    void aBlockThatFailedAndIsNotReadIsNeverReported() throws IOException {
        use(IN_CALLER);
        failAt(3 * M);
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            blob.position(50 * M);
            read(blob, M, 10);
        }
    }

    @Test
    void bytesReadBeforeAFailureAreReturnedFirst() throws IOException {
        use(IN_CALLER);
        AtomicBoolean failing = failAt(4 * M);
        try (BlobReader blob = open()) {
            read(blob, M, 3); // prefetches one block
            ByteBuffer target = ByteBuffer.allocate(2 * M);

            assertThat(blob.read(target)).isEqualTo(M);

            assertThat(blob.position()).isEqualTo(4 * M);
            PatternStore.assertContent(3 * M, target.flip());
            assertThat(reader.readAheadMemory().taken()).isZero();
            assertThatIOException().isThrownBy(() -> blob.read(ByteBuffer.allocate(M)));
            assertThat(blob.position()).isEqualTo(4 * M);
            failing.set(false);
            read(blob, M, 20);
        }
    }

    @Test
    void transientFailuresAreRetried() throws IOException {
        FaultyBlobStore faulty = FaultyBlobStore.over(store)
                .at(Operation.HEAD, 1, Fault.ERROR)
                .at(Operation.HEAD, 2, Fault.THROTTLED)
                .at(Operation.READ, 1, Fault.ERROR)
                .at(Operation.READ, 3, Fault.TRUNCATED_READ)
                .at(Operation.READ, 5, Fault.RESPONSE_LOST)
                .build();
        FakeClock clock = new FakeClock();
        try (TransferManager patient = TransferManager.builder().clock(clock).build();
                BlobReader blob = patient.openReader(faulty, KEY)) {
            blob.position(5);
            read(blob, M, 20);
        }
        assertThat(faulty.injected()).isEqualTo(5);
        assertThat(clock.sleeps()).hasSize(5);
    }

    @Test
    void lessIsPrefetchedFromAStoreThatThrottles() throws IOException {
        assertThat(prefetches(4)).isPositive().isLessThan(prefetches(0));
    }

    /** Returns how many prefetches are started by reads of which the first is refused a number of times. */
    private int prefetches(int refusals) throws IOException {
        List<Runnable> queue = new ArrayList<>();
        AtomicInteger left = new AtomicInteger(refusals);
        store.onRead(read -> {
            if (left.getAndDecrement() > 0) {
                throw RequestThrottleTest.refusal();
            }
        });
        try (TransferManager manager =
                        new FakeClock().managers(1).executor(queue::add).build();
                BlobReader blob = manager.openReader(store, KEY)) {
            read(blob, M, 2);
            read(blob, 32 * M, 1);
            return queue.size();
        }
    }

    @Test
    void theOptionsLimitTheAttempts() throws IOException {
        store.onHead(read -> {
            throw ScriptedStore.failure("try again", true);
        });
        try (TransferManager patient =
                        TransferManager.builder().clock(new FakeClock()).build();
                BlobReader blob = patient.openReader(
                        store,
                        KEY,
                        ReaderOptions.builder()
                                .retry(RetryPolicy.builder().maxAttempts(3).build())
                                .build())) {
            assertThatExceptionOfType(BlobStoreException.class).isThrownBy(blob::size);
        }
        assertThat(store.heads()).isEqualTo(3);
    }

    @Test
    void aBugOfTheStoreLeavesTheReaderAsItWas() throws IOException {
        use(IN_CALLER);
        AtomicBoolean failing = new AtomicBoolean(true);
        store.onRead(read -> {
            if (read.offset() >= 4 * M && failing.get()) {
                throw new AssertionError("a bug");
            }
        });
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            ByteBuffer target = ByteBuffer.allocate(2 * M);
            assertThatExceptionOfType(AssertionError.class)
                    .isThrownBy(() -> blob.read(target))
                    .withMessage("a bug");
            assertThat(target.position()).isZero();
            assertThat(blob.position()).isEqualTo(3 * M);
            failing.set(false);
            read(blob, M, 5);
        }
    }

    /** A store that breaks its contract must not cause an endless loop. */
    @Test
    void aShorterSizeOfTheSameVersionIsAnError() throws IOException {
        PatternStore longer = new PatternStore(10 * M);
        store = new PatternStore(5 * M);
        AtomicBoolean shorter = new AtomicBoolean();
        class Lying extends ForwardingBlobStore {
            Lying() {
                super(longer);
            }

            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                return (shorter.get() ? store : delegate()).read(key, range, target, options);
            }
        }
        try (BlobReader blob = reader.openReader(new Lying(), KEY, ONE_TRY)) {
            read(blob, 5 * M);
            shorter.set(true);
            assertThatIOException().isThrownBy(() -> blob.read(ByteBuffer.allocate(M)));
            assertThatIOException().isThrownBy(() -> blob.read(ByteBuffer.allocate(M), 5 * M));
        }
    }

    // ---- executors

    @Test
    void anExecutorThatNeverRunsAnythingHoldsUpNothing() throws IOException {
        store = new PatternStore(60 * M);
        List<Runnable> queue = new ArrayList<>();
        use(queue::add);
        try (BlobReader blob = open()) {
            read(blob, M, 30);
            read(blob, 20 * M);
            read(blob, 20 * M);
            assertThat(blob.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
        assertThat(queue).isNotEmpty();
        assertThat(store.mostInside()).isEqualTo(1);
        assertThat(store.bytes()).isEqualTo(60 * M);
    }

    @Test
    void anExecutorThatRejectsTasksIsNotNeeded() throws IOException {
        AtomicInteger refused = new AtomicInteger();
        use(task -> {
            refused.incrementAndGet();
            throw new RejectedExecutionException("no");
        });
        try (BlobReader blob = open()) {
            read(blob, M, 10);
            read(blob, 20 * M);
            assertThat(reader.readAheadMemory().taken()).isZero();
        }
        assertThat(refused.get()).isPositive();
        assertThat(store.bytes()).isEqualTo(30 * M);
    }

    @Test
    void anExecutorThatFindsNoThreadKeepsNoMemory() throws IOException {
        use(task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        try (BlobReader blob = open()) {
            read(blob, M, 2);
            ByteBuffer target = ByteBuffer.allocate(M);
            assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> blob.read(target));
            assertThat(target.position()).isZero();
            assertThat(reader.readAheadMemory().taken()).isZero();
            read(blob, M, 2); // nothing is prefetched this time either
        }
    }

    @Test
    void oneThreadIsEnoughEvenIfItIsTheOneThatReads() throws Exception {
        store = new PatternStore(100 * M);
        ExecutorService thread = Executors.newSingleThreadExecutor();
        use(thread);
        try {
            thread.submit(() -> {
                        try (BlobReader blob = open()) {
                            read(blob, M, 60);
                            read(blob, 40 * M);
                        }
                        return null;
                    })
                    .get();
            try (BlobReader blob = open()) {
                read(blob, M, 60);
                read(blob, 40 * M);
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            thread.shutdown();
        }
        assertThat(store.bytes()).isEqualTo(200 * M);
    }

    @Test
    void anExecutorThatIsShutDownIsNotNeeded() throws Exception {
        CountDownLatch stalled = new CountDownLatch(1);
        AtomicBoolean stalling = new AtomicBoolean(true);
        store.onRead(read -> {
            if (read.offset() == 3 * M && stalling.get()) {
                stalled.countDown();
                ScriptedStore.awaitInterrupt();
            }
        });
        ExecutorService threads = Executors.newCachedThreadPool();
        use(threads);
        try (BlobReader blob = open()) {
            read(blob, M, 3);
            ScriptedStore.await(stalled);
            stalling.set(false);
            threads.shutdownNow();

            read(blob, M, 10);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    // ---- the manager is closed first

    @Test
    void afterTheManagerIsClosedNothingIsReadAndNothingKept() throws IOException {
        BlobReader used = open();
        read(used, M, 10);
        BlobReader fresh = open();

        reader.close(); // waits for the prefetches

        assertThat(store.inside()).isZero();
        ByteBuffer target = ByteBuffer.allocate(100 * M);
        assertThatIllegalStateException().isThrownBy(() -> used.read(target));
        assertThatIllegalStateException().isThrownBy(() -> used.read(target, 50 * M));
        assertThatIllegalStateException().isThrownBy(() -> fresh.read(target));
        assertThatIllegalStateException().isThrownBy(fresh::size);
        assertThatIllegalStateException().isThrownBy(this::open);
        assertThat(target.position()).isZero();
        assertThat(reader.readAheadMemory().taken()).isZero();
        used.close();
        fresh.close();
    }

    @Test
    void aBlobThatIsReplacedWhileItIsPrefetchedIsReportedWhenItIsReached() throws IOException {
        use(IN_CALLER);
        try (BlobReader blob = open()) {
            read(blob, M, 2);
            store.onRead(read -> {
                if (read.offset() == 2 * M) {
                    store.replace(1L << 40); // after the prefetched block
                }
            });
            read(blob, M, 2);
            ByteBuffer target = ByteBuffer.allocate(M);
            assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> blob.read(target));
            assertThat(target.position()).isZero();
        }
    }
}
