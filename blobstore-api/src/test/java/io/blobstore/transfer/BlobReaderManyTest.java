package io.blobstore.transfer;

import static io.blobstore.transfer.PatternStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.CampaignScale;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests many threads with one reader, and many readers with little memory. */
@Tag("jdk")
class BlobReaderManyTest extends BlobReaderFixture {
    /**
     * Runs tasks concurrently, starting them at the same moment; fails with the failure of the first one that failed.
     */
    private static void together(List<Callable<Void>> tasks) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
        try {
            CyclicBarrier start = new CyclicBarrier(tasks.size());
            List<Future<Void>> futures = new ArrayList<>();
            for (Callable<Void> task : tasks) {
                futures.add(threads.submit(() -> {
                    start.await();
                    return task.call();
                }));
            }
            for (Future<Void> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdownNow();
            assertThat(threads.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    @Test
    void positionalReadsGoOnBesideOneInSequence() throws Exception {
        store = new PatternStore(100 * M);
        try (BlobReader blob = open()) {
            List<Callable<Void>> tasks = new ArrayList<>();
            tasks.add(() -> {
                read(blob, M, 100);
                return null;
            });
            for (int i = 0; i < 16; i++) {
                SplittableRandom random = new SplittableRandom(i);
                tasks.add(() -> {
                    ByteBuffer target = ByteBuffer.allocateDirect(100_000);
                    for (int j = 0; j < 100; j++) {
                        long from = random.nextLong(100 * M);
                        int expected = (int) Math.min(100_000, 100 * M - from);
                        assertThat(blob.read(target.clear(), from)).isEqualTo(expected);
                        PatternStore.assertContent(from, target.flip());
                    }
                    return null;
                });
            }
            together(tasks);
            assertThat(blob.position()).isEqualTo(100 * M);
        }
    }

    /** Each thread gets different ranges, which together are the blob. */
    @Test
    void readsInSequenceByManyThreadsTakeTurns() throws Exception {
        int piece = 100_001;
        int pieces = 400;
        store = new PatternStore((long) piece * pieces);
        List<Callable<Void>> tasks = new ArrayList<>();
        AtomicLong bytes = new AtomicLong();
        try (BlobReader blob = open()) {
            for (int i = 0; i < 8; i++) {
                tasks.add(() -> {
                    ByteBuffer target = ByteBuffer.allocate(piece);
                    while (blob.read(target.clear()) > 0) {
                        bytes.addAndGet(target.position());
                    }
                    return null;
                });
            }
            together(tasks);
        }
        assertThat(bytes).hasValue((long) piece * pieces);
        assertThat(store.bytes()).isEqualTo((long) piece * pieces);
    }

    @ParameterizedTest
    @CsvSource({"67108864", "20971520", "1048576", "0"})
    void manyReadersStayWithinTheMemoryTheyShare(long memory) throws Exception {
        int size = 5 * M + 77;
        store = new PatternStore(size);
        AtomicLong most = new AtomicLong();
        try (TransferManager shared =
                TransferManager.builder().readAheadMemory(memory).build()) {
            store.onRead(read -> most.accumulateAndGet(shared.readAheadMemory().taken(), Math::max));
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                int step = 50_000 + 5_000 * i;
                tasks.add(() -> {
                    try (BlobReader blob = shared.openReader(store, KEY, ONE_TRY)) {
                        ByteBuffer target = ByteBuffer.allocateDirect(step);
                        long at = 0;
                        while (blob.read(target.clear()) > 0) {
                            PatternStore.assertContent(at, target.flip());
                            at += target.limit();
                        }
                        assertThat(at).isEqualTo(size);
                    }
                    return null;
                });
            }
            together(tasks);
            assertThat(shared.readAheadMemory().taken()).isZero();
        }
        assertThat(most.get()).isLessThanOrEqualTo(memory);
        assertThat(most.get() > 0).isEqualTo(memory > 0); // it is used
        assertThat(store.bytes()).isEqualTo(64L * size);
    }

    static LongStream seeds() {
        return LongStream.range(0, CampaignScale.of(20));
    }

    /**
     * Reads, jumps and closes at random moments on several threads: each read returns the right bytes or finds the
     * channel closed, and no memory stays in use.
     */
    @ParameterizedTest
    @MethodSource("seeds")
    void closingAtAnyMomentKeepsNothing(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 10; round++) {
            BlobReader blob = open();
            int spins = random.nextInt(100_000);
            SplittableRandom own = random.split();
            List<Callable<Void>> tasks = new ArrayList<>();
            tasks.add(() -> untilClosed(() -> {
                if (own.nextInt(8) == 0) {
                    blob.position(own.nextLong(1L << 39));
                }
                long from = blob.position();
                ByteBuffer target = ByteBuffer.allocate(1 + own.nextInt(300_000));
                assertThat(blob.read(target)).isPositive(); // less than requested if closed in the middle
                PatternStore.assertContent(from, target.flip());
            }));
            for (int i = 0; i < 2; i++) {
                SplittableRandom others = random.split();
                tasks.add(() -> untilClosed(() -> {
                    long from = others.nextLong(1L << 39);
                    ByteBuffer target = ByteBuffer.allocateDirect(1 + others.nextInt(100_000));
                    blob.read(target, from);
                    PatternStore.assertContent(from, target.flip());
                }));
            }
            tasks.add(() -> {
                for (int i = 0; i < spins; i++) {
                    Thread.onSpinWait();
                }
                blob.close();
                assertThat(reader.readAheadMemory().taken()).isZero();
                return null;
            });
            together(tasks);
            assertThat(store.inside()).isZero();
        }
    }

    private interface Reading {
        void run() throws IOException;
    }

    private static Void untilClosed(Reading reading) throws IOException {
        try {
            while (true) {
                reading.run();
            }
        } catch (ClosedChannelException e) {
            return null;
        }
    }
}
