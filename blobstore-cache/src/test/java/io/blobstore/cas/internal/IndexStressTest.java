package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheListener;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Lets many threads put, get and remove more than a cache holds, on a disk that deletes slowly. The disk verifies at
 * each write that no more is on it than the cache may have.
 */
@ExtendWith(LeakCheck.class)
class IndexStressTest {
    private static final int THREADS = 32;
    private static final Duration QUICK = Duration.ofMillis(700);
    private static final Duration LONG = Duration.ofMinutes(5);

    /** The most blocks that one thread needs for its reservation, its lease, and a replaced entry of its key. */
    private static final int LARGEST = 16;

    private final AtomicInteger suffixes = new AtomicInteger();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong interrupted = new AtomicLong();

    @Test
    void theBoundHoldsAndAllPutsSucceedIfWhatIsInUseFits() throws Exception {
        // A thread holds a lease or a reservation; a reservation may be a step larger than what it needs.
        run(QUICK, THREADS * LARGEST * 2L + 100, false);
        assertThat(refused).hasValue(0);
    }

    @Test
    void theBoundHoldsAndNothingHangsIfPutsAndLeasesFillTheCache() throws Exception {
        run(QUICK, THREADS * LARGEST / 4L, false);
    }

    @Test
    void interruptedPutsLeaveNothingBehind() throws Exception {
        run(QUICK, THREADS * LARGEST / 4L, true);
        assertThat(interrupted.get()).isPositive();
    }

    @Test
    @Campaign(representedBy = IndexStressTest.class)
    void theBoundHoldsForMinutes() throws Exception {
        run(LONG, THREADS * LARGEST * 2L + 100, false);
        assertThat(refused).hasValue(0);
        run(LONG, THREADS * LARGEST / 4L, true);
    }

    private void run(Duration time, long blocks, boolean interrupting) throws Exception {
        long max = blocks * BLOCK;
        FakeDisk disk = FakeDisk.prompt(max);
        Unlink slow = entry -> {
            if (entry.tick() % 4 == 0) {
                LockSupport.parkNanos(200_000);
            }
            disk.unlink(entry);
        };
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        Index index = new Index(max, new ReaperTest.NoLog(), slow, CacheListener.NONE);
        long samples = 0;
        try {
            long end = System.nanoTime() + time.toNanos();
            List<Future<Long>> users = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            CountDownLatch started = new CountDownLatch(THREADS);
            for (int i = 0; i < THREADS; i++) {
                int seed = i;
                users.add(executor.submit(
                        named(threads, started, () -> use(index, disk, seed, end, blocks * 3 / LARGEST))));
            }
            SplittableRandom random = new SplittableRandom(1);
            started.await();
            while (System.nanoTime() < end) {
                IndexTotals totals = index.totals();
                assertThat(totals.storedBytes() + totals.doomedBytes() + totals.reservedBytes())
                        .isLessThanOrEqualTo(max);
                samples++;
                if (interrupting) {
                    synchronized (threads) {
                        threads.get(random.nextInt(threads.size())).interrupt();
                    }
                }
                LockSupport.parkNanos(100_000);
            }
            long steps = 0;
            for (Future<Long> user : users) {
                steps += user.get(60, TimeUnit.SECONDS); // fails if a thread waits for ever
            }
            assertThat(steps).isGreaterThan(THREADS);
            index.reaper.awaitIdle();
            IndexTotals totals = index.totals();
            assertThat(totals.reservedBytes() + totals.doomedBytes()).isZero();
            assertThat(totals.storedBytes()).as("what is counted").isEqualTo(disk.bytes());
            assertThat(totals.evictions()).isPositive();
            assertThat(samples).isPositive();
            index.snapshot().forEach(entry -> assertThat(entry.leases).isZero());
        } finally {
            executor.shutdownNow();
            index.close();
            assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** Adds the thread that runs some work to a list. */
    private static <T> Callable<T> named(List<Thread> threads, CountDownLatch started, Callable<T> work) {
        return () -> {
            synchronized (threads) {
                threads.add(Thread.currentThread());
            }
            started.countDown();
            return work.call();
        };
    }

    private long use(Index index, FakeDisk disk, int seed, long end, long keys) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        long steps = 0;
        while (System.nanoTime() < end) {
            EntryKey key = IndexFixture.key(random.nextInt((int) keys));
            try {
                switch (random.nextInt(8)) {
                    case 0, 1, 2, 3 -> put(index, disk, key, random);
                    case 4, 5, 6 -> get(index, disk, key);
                    default -> index.peek(key).ifPresent(index::remove);
                }
                steps++;
            } catch (CacheFullException e) {
                refused.incrementAndGet();
            } catch (InterruptedIOException e) {
                assertThat(Thread.interrupted()).as("the interrupt flag").isTrue();
                interrupted.incrementAndGet();
            }
        }
        return steps;
    }

    private void put(Index index, FakeDisk disk, EntryKey key, SplittableRandom random) throws IOException {
        long size = random.nextLong(LARGEST * BLOCK);
        EntryFile file = IndexFixture.file(key, suffixes.getAndIncrement());
        try (Reservation reservation = index.reserve(random.nextBoolean() ? size : LARGEST * BLOCK)) {
            boolean committed = false;
            disk.write(file, 0);
            try {
                long written = 0;
                while (written < size) {
                    written = Math.min(size, written + random.nextLong(1, 3 * BLOCK));
                    reservation.require(written);
                    disk.write(file, written);
                }
                index.commit(reservation, file, size);
                committed = true;
            } finally {
                if (!committed) {
                    disk.delete(file);
                }
            }
        }
    }

    private static void get(Index index, FakeDisk disk, EntryKey key) {
        Entry entry = index.acquire(key).orElse(null);
        if (entry == null) {
            return;
        }
        for (int i = 0; i < 3; i++) {
            assertThat(disk.has(entry.file())).as("a leased file is there").isTrue();
            Thread.yield();
        }
        index.release(entry);
    }
}
