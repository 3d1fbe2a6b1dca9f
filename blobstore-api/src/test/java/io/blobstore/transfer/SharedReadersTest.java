package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.ReadOptions;
import io.blobstore.transfer.PatternStore.Read;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests readers that share blocks. */
class SharedReadersTest extends BlobReaderFixture {
    private static final ReaderOptions SHARED = ONE_TRY.toBuilder().shared(true).build();

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private static void readAt(BlobReader blob, long from, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        int expected = (int) Math.min(length, blob.size() - from);
        assertThat(blob.read(target, from)).isEqualTo(expected);
        PatternStore.assertContent(from, target.flip());
    }

    private static void readToTheEnd(BlobReader blob, int length) throws IOException {
        while (blob.position() < blob.size()) {
            read(blob, length);
        }
    }

    private void assertEachByteWasFetchedOnce(long size) {
        assertThat(store.bytes()).isEqualTo(size);
    }

    // ---- what is fetched

    @Test
    void theSecondReaderFetchesNothing() throws IOException {
        store = new PatternStore(20L * M + 123);
        try (BlobReader first = open(SHARED);
                BlobReader second = open(SHARED)) {
            readToTheEnd(first, 300_000);
            readToTheEnd(second, 1_000_000);
            ByteBuffer tail = ByteBuffer.allocate(1000);
            assertThat(second.readTail(tail)).isEqualTo(1000);
            PatternStore.assertContent(20L * M + 123 - 1000, tail.flip());
        }
        assertEachByteWasFetchedOnce(20L * M + 123);
        assertThat(store.heads()).isOne();
    }

    @ParameterizedTest
    @ValueSource(ints = {64 * K, 1_000_003, 5 * M})
    void readersAtTheSameTimeFetchEachByteOnce(int length) throws Exception {
        store = new PatternStore(40L * M + 7);
        List<Future<?>> results = new ArrayList<>();
        List<BlobReader> readers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            BlobReader blob = open(SHARED);
            readers.add(blob);
            results.add(threads.submit(() -> {
                readToTheEnd(blob, length);
                return null;
            }));
        }
        for (Future<?> result : results) {
            result.get();
        }
        for (BlobReader blob : readers) {
            blob.close();
        }
        assertEachByteWasFetchedOnce(40L * M + 7);
        assertThat(store.heads()).isOne();
    }

    @Test
    void readersThatDoNotShareFetchForThemselves() throws IOException {
        store = new PatternStore(4L * M);
        try (BlobReader shared = open(SHARED);
                BlobReader alone = open()) {
            readAt(shared, 0, 10);
            readAt(alone, 0, 10);
        }
        assertThat(store.reads()).containsExactly(new Read(0, M), new Read(0, 10));
    }

    @Test
    void manyBlocksAreOneRequest() throws IOException {
        store = new PatternStore(4L * M);
        try (BlobReader blob = open(SHARED)) {
            readAt(blob, 100, 3 * M);
        }
        assertThat(store.reads()).containsExactly(new Read(0, 4L * M));
    }

    // ---- memory

    @Test
    void theLeastRecentlyUsedBlocksMakeRoom() throws IOException {
        store = new PatternStore(100L * M);
        SplittableRandom random = new SplittableRandom(3);
        try (TransferManager small =
                        TransferManager.builder().readAheadMemory(4L * M).build();
                BlobReader first = small.openReader(store, KEY, SHARED);
                BlobReader second = small.openReader(store, KEY, SHARED)) {
            for (int i = 0; i < 300; i++) {
                readAt(random.nextBoolean() ? first : second, random.nextLong(99L * M), 1 + random.nextInt(2 * M));
                assertThat(small.readAheadMemory().taken()).isLessThanOrEqualTo(4L * M);
            }
            first.close();
            second.close();
            assertThat(small.readAheadMemory().taken()).isZero();
        }
    }

    @Test
    void withoutMemoryTheyReadIntoTheCallersBuffer() throws IOException {
        store = new PatternStore(10L * M);
        try (TransferManager none = TransferManager.builder().readAheadMemory(0).build();
                BlobReader blob = none.openReader(store, KEY, SHARED)) {
            readAt(blob, 1000, 10);
            readAt(blob, M - 5, 10);
        }
        assertThat(store.reads()).containsExactly(new Read(1000, 10), new Read(M - 5, 10));
    }

    @Test
    void theLastReaderReleasesTheMemory() throws IOException {
        store = new PatternStore(10L * M);
        BlobReader first = open(SHARED);
        try (BlobReader second = open(SHARED)) {
            readAt(first, 0, 10);
            first.close();
            first.close();
            assertThat(reader.readAheadMemory().taken()).isEqualTo(M);
            readAt(second, 5, 10);
        }
        assertThat(reader.readAheadMemory().taken()).isZero();
        assertThat(store.reads()).hasSize(1);
        try (BlobReader third = open(SHARED)) {
            readAt(third, 5, 10);
        }
        assertThat(store.reads()).hasSize(2);
    }

    // ---- failures

    /** Blocks the first request for content; returns a latch that it waits for, and one that tells that it waits. */
    private CountDownLatch[] blockFirst(AtomicBoolean fails) {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        store.onRead(read -> {
            if (first.getAndSet(false)) {
                entered.countDown();
                ScriptedStore.await(release);
                if (fails.get()) {
                    throw ScriptedStore.failure("refused", false);
                }
            }
        });
        return new CountDownLatch[] {entered, release};
    }

    private Thread start(Callable work, List<Throwable> problems) {
        Thread thread = new Thread(() -> {
            try {
                work.call();
            } catch (Throwable e) {
                problems.add(e);
            }
        });
        thread.start();
        return thread;
    }

    private interface Callable {
        void call() throws Exception;
    }

    @Test
    void ifAFetchFailsThoseThatWaitedFetchThemselves() throws Exception {
        store = new PatternStore(10L * M);
        CountDownLatch[] latches = blockFirst(new AtomicBoolean(true));
        List<Throwable> leader = new ArrayList<>();
        List<Throwable> followers = new ArrayList<>();
        try (BlobReader first = open(SHARED);
                BlobReader second = open(SHARED)) {
            Thread one = start(() -> readAt(first, 0, 10), leader);
            latches[0].await();
            Thread two = start(() -> readAt(second, 5, 10), followers);
            awaitParked(two);
            latches[1].countDown();
            one.join();
            two.join();
        }
        assertThat(leader).singleElement().isInstanceOf(BlobStoreException.class);
        assertThat(followers).isEmpty();
        assertThat(store.reads()).containsExactly(new Read(0, M), new Read(0, M));
    }

    @Test
    void anInterruptedFetchDoesNotFailTheOthers() throws Exception {
        store = new PatternStore(10L * M);
        CountDownLatch[] latches = blockFirst(new AtomicBoolean(false));
        List<Throwable> leader = new ArrayList<>();
        List<Throwable> followers = new ArrayList<>();
        try (BlobReader first = open(SHARED);
                BlobReader second = open(SHARED)) {
            Thread one = start(() -> readAt(first, 0, 10), leader);
            latches[0].await();
            Thread two = start(() -> readAt(second, 5, 10), followers);
            awaitParked(two);
            one.interrupt();
            one.join();
            two.join();
        }
        assertThat(leader).singleElement().isInstanceOf(InterruptedIOException.class);
        assertThat(followers).isEmpty();
    }

    @Test
    void aReaderThatWaitsIsCancelledByItsClose() throws Exception {
        store = new PatternStore(10L * M);
        CountDownLatch[] latches = blockFirst(new AtomicBoolean(false));
        List<Throwable> leader = new ArrayList<>();
        List<Throwable> followers = new ArrayList<>();
        try (BlobReader first = open(SHARED)) {
            BlobReader second = open(SHARED);
            Thread one = start(() -> readAt(first, 0, 10), leader);
            latches[0].await();
            Thread two = start(() -> readAt(second, 5, 10), followers);
            awaitParked(two);
            second.close();
            two.join();
            assertThat(followers).singleElement().isInstanceOf(AsynchronousCloseException.class);
            latches[1].countDown();
            one.join();
            assertThat(leader).isEmpty();
        }
        assertThat(store.reads()).hasSize(1);
    }

    @Test
    void closingTheReaderThatFetchesDoesNotFailTheOthers() throws Exception {
        store = new PatternStore(10L * M);
        CountDownLatch[] latches = blockFirst(new AtomicBoolean(false));
        List<Throwable> leader = new ArrayList<>();
        List<Throwable> followers = new ArrayList<>();
        try (BlobReader second = open(SHARED)) {
            BlobReader first = open(SHARED);
            Thread one = start(() -> readAt(first, 0, 10), leader);
            latches[0].await();
            Thread two = start(() -> readAt(second, 5, 10), followers);
            awaitParked(two);
            first.close();
            one.join();
            two.join();
        }
        assertThat(leader).singleElement().isInstanceOf(AsynchronousCloseException.class);
        assertThat(followers).isEmpty();
    }

    @Test
    void damagedBlocksAreFetchedAgain() throws IOException {
        store = new PatternStore(3L * M).reportingChecksum();
        store.damage(1_500_000);
        try (BlobReader first = open(SHARED);
                BlobReader second = open(SHARED)) {
            assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> {
                ByteBuffer target = ByteBuffer.allocate(M);
                while (first.read(target.clear()) >= 0) {
                    assertThat(first.position()).isLessThan(3L * M);
                }
            });
            store.damage(-1);
            readToTheEnd(second, M);
        }
    }

    // ---- versions

    @Test
    void theyReadOneVersion() throws IOException {
        store = new PatternStore(10L * M);
        try (BlobReader first = open(SHARED)) {
            readAt(first, 0, 10);
            store.replace(10L * M);
            try (BlobReader second = open(SHARED)) {
                readAt(second, 5, 10);
                assertThat(second.metadata().version()).isEqualTo(PatternStore.version(1));
                assertThatExceptionOfType(PreconditionFailedException.class)
                        .isThrownBy(() -> second.read(ByteBuffer.allocate(1), 5L * M));
            }
        }
        try (BlobReader third = open(SHARED)) {
            assertThat(third.metadata().version()).isEqualTo(PatternStore.version(2));
            third.read(ByteBuffer.allocate(1), 5L * M);
        }
    }

    @Test
    void readersOfAnotherVersionShareNothing() throws IOException {
        store = new PatternStore(10L * M);
        ReaderOptions old = SHARED.toBuilder()
                .read(ReadOptions.ifMatch(PatternStore.version(1)))
                .build();
        store.replace(10L * M);
        try (BlobReader current = open(SHARED);
                BlobReader first = open(old)) {
            current.read(ByteBuffer.allocate(1), 0);
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(() -> first.read(ByteBuffer.allocate(1), 0));
        }
    }

    @Test
    void aMissingBlobIsReported() throws IOException {
        store.delete(KEY);
        try (BlobReader blob = open(SHARED)) {
            assertThatExceptionOfType(BlobStoreException.class).isThrownBy(() -> blob.read(ByteBuffer.allocate(1)));
        }
    }

    /** Random readers, positions, lengths, failures and little memory: the content is right, or the read fails. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void contentIsRightWhateverFails(long seed) throws Exception {
        store = new PatternStore(12L * M + 77);
        AtomicBoolean failing = new AtomicBoolean(true);
        SplittableRandom faults = new SplittableRandom(seed);
        store.onRead(read -> {
            boolean fails;
            synchronized (faults) {
                fails = failing.get() && faults.nextInt(5) == 0;
            }
            if (fails) {
                throw ScriptedStore.failure("refused", true);
            }
        });
        try (TransferManager small =
                TransferManager.builder().readAheadMemory(5L * M).build()) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                SplittableRandom random = new SplittableRandom(seed * 100 + i);
                results.add(threads.submit(() -> {
                    for (int round = 0; round < 5; round++) {
                        try (BlobReader blob = small.openReader(store, KEY, SHARED)) {
                            for (int j = 0; j < 10; j++) {
                                try {
                                    readAt(blob, random.nextLong(12L * M), 1 + random.nextInt(3 * M));
                                } catch (BlobStoreException expected) {
                                    assertThat(expected.isRetryable()).isTrue();
                                }
                            }
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
            assertThat(small.readAheadMemory().taken()).isZero();
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }
}
