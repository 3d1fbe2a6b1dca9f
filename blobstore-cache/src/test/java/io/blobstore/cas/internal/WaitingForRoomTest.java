package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.contract.LeakCheck;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests puts that wait while victims are deleted: their order, and what ends the wait. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class WaitingForRoomTest {
    private final IndexFixture cache = IndexFixture.held(10 * BLOCK);
    private final Index index = cache.index;
    private final List<Thread> threads = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        cache.close();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Work of another thread, which has begun to wait for room when this returns. */
    private final class Waiting<T> {
        private final FutureTask<T> task;
        private final Thread thread;

        Waiting(Callable<T> work) {
            task = new FutureTask<>(work);
            thread = new Thread(task, "waiting");
            threads.add(thread);
            thread.start();
            while (thread.getState() != Thread.State.WAITING) {
                assertThat(task.isDone()).as("ended without waiting").isFalse();
                Thread.onSpinWait();
            }
        }

        T result() throws Exception {
            return task.get();
        }

        Throwable failure() throws Exception {
            try {
                throw new AssertionError("succeeded: " + task.get());
            } catch (ExecutionException e) {
                return e.getCause();
            }
        }
    }

    @Test
    void aPutWaitsUntilItsVictimsAreDeleted() throws Exception {
        cache.putBlocks(10);
        Waiting<Entry> put = new Waiting<>(() -> cache.put(10, 2 * BLOCK));
        cache.disk.awaitDeletion();

        assertThat(index.totals().storedBytes() + index.totals().doomedBytes()).isEqualTo(10 * BLOCK);
        cache.disk.allow(2);
        assertThat(put.result().file()).isEqualTo(IndexFixture.file(key(10), 10));
        assertThat(cache.numbers(11)).containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10);
    }

    @Test
    void putsAreServedInTheirOrderSoThatLargeOnesAreNotStarved() throws Exception {
        List<Entry> entries = cache.putBlocks(10);
        Reservation large = index.reserve(0);
        Waiting<Boolean> first = new Waiting<>(() -> {
            large.require(3 * BLOCK);
            return true;
        });
        Waiting<Entry> second = new Waiting<>(() -> cache.put(10, 1));
        cache.disk.allow(2);
        for (int i = 0; i < 3; i++) {
            cache.disk.awaitDeletion();
        }

        Waiting<Entry> third = new Waiting<>(() -> cache.put(11, 1));
        assertThat(index.totals().reservedBytes())
                .as("2 blocks are free, but the first one needs 3")
                .isZero();
        cache.disk.allow(2);
        assertThat(first.result()).isTrue();
        assertThat(second.result()).isNotNull();
        cache.disk.allow(1);
        assertThat(third.result()).isNotNull();
        assertThat(entries.get(5).state).isEqualTo(Entry.State.USED);
        large.close();
    }

    @Test
    void anEntryThatIsUsedMeanwhileIsSpared() throws Exception {
        cache.putBlocks(10);
        Waiting<Entry> put = new Waiting<>(() -> cache.put(10, 3 * BLOCK));
        cache.disk.awaitDeletion(); // of 0
        index.contains(key(1));
        Entry leased = cache.acquire(2);
        cache.disk.allow(3);
        put.result();

        assertThat(cache.numbers(11)).containsExactly(1, 2, 5, 6, 7, 8, 9, 10);
        index.release(leased);
    }

    @Test
    void anInterruptEndsTheWaitAndLeavesNothingBehind() throws Exception {
        cache.putBlocks(10);
        List<Boolean> flags = new ArrayList<>();
        Waiting<Void> put = new Waiting<>(() -> {
            try {
                cache.put(10, 2 * BLOCK);
                return null;
            } finally {
                flags.add(Thread.currentThread().isInterrupted());
            }
        });
        Waiting<Entry> next = new Waiting<>(() -> cache.put(11, BLOCK));
        put.thread.interrupt();

        assertThat(put.failure()).isInstanceOf(InterruptedIOException.class);
        assertThat(flags).as("the interrupt flag").containsExactly(true);
        assertThat(index.totals().reservedBytes()).isZero();
        cache.disk.allow(1);
        assertThat(next.result()).as("the next one is served").isNotNull();
        cache.disk.allow(10);
        cache.settle();
        assertThat(index.totals().doomedBytes()).isZero();
    }

    @Test
    void anInterruptKeepsWhatWasReservedBefore() throws Exception {
        try (Reservation reservation = index.reserve(2 * BLOCK)) {
            cache.putBlocks(9);
            Waiting<Void> put = new Waiting<>(() -> {
                reservation.require(2 * BLOCK);
                return null;
            });
            put.thread.interrupt();
            assertThat(put.failure()).isInstanceOf(InterruptedIOException.class);
            assertThat(index.totals().reservedBytes()).isEqualTo(BLOCK);
            reservation.require(BLOCK);
        }
        assertThat(index.totals().reservedBytes()).isZero();
    }

    @Test
    void anInterruptThatWasThereBeforeDoesNotHarmAPutThatNeedsNotWait() throws Exception {
        Thread.currentThread().interrupt();
        cache.put(1, 1);

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void evictingOnRequestCanBeInterrupted() throws Exception {
        cache.putBlocks(10);
        Waiting<Long> evicting = new Waiting<>(() -> index.evictTo(0));
        evicting.thread.interrupt();

        assertThat(evicting.failure()).isInstanceOf(InterruptedIOException.class);
        cache.disk.allow(10);
        cache.settle();
        assertThat(index.totals()).isEqualTo(new IndexTotals(0, 0, 0, 0, 0, 10, 0, 0));
    }

    @Test
    void closingEndsTheWait() throws Exception {
        cache.putBlocks(10);
        Waiting<Entry> put = new Waiting<>(() -> cache.put(10, 2 * BLOCK));
        cache.disk.awaitDeletion();
        Waiting<Void> close = new Waiting<>(() -> {
            index.close();
            return null;
        });

        assertThat(put.failure()).isInstanceOf(IllegalStateException.class).hasMessage("this cache is closed");
        assertThat(index.totals().doomedBytes())
                .as("closing waits for the deletion")
                .isEqualTo(BLOCK);
        cache.disk.allow(1);
        close.result();
        assertThat(index.totals()).isEqualTo(new IndexTotals(9, 9, 9 * BLOCK, 0, 0, 1, 0, 0));
    }

    @Test
    void anInterruptDoesNotEndClosing() throws Exception {
        Entry entry = cache.put(1, 1);
        index.remove(entry);
        List<Boolean> flags = new ArrayList<>();
        Waiting<Void> close = new Waiting<>(() -> {
            index.close();
            flags.add(Thread.currentThread().isInterrupted());
            return null;
        });
        close.thread.interrupt();
        cache.disk.allow(1);
        close.result();

        assertThat(flags).containsExactly(true);
        assertThat(cache.disk.files()).isEmpty();
    }

    @Test
    void aPutWhoseVictimsAreLeasedMeanwhileIsRefused() throws Exception {
        cache.putBlocks(10);
        Waiting<Entry> put = new Waiting<>(() -> cache.put(10, 2 * BLOCK));
        List<Entry> leased = new ArrayList<>();
        for (int i = 1; i < 10; i++) {
            leased.add(cache.acquire(i));
        }
        cache.disk.allow(1);

        assertThat(put.failure()).isInstanceOf(CacheFullException.class);
        assertThat(index.totals().reservedBytes()).isZero();
        leased.forEach(index::release);
    }

    @Test
    void whenAllPutsWaitForEachOtherOneIsRefusedAndTheOthersGoOn() throws Exception {
        List<Waiting<Entry>> puts = new ArrayList<>();
        Entry blocker = cache.put(0, BLOCK); // its deletion, which is held up, is what all of them wait for at first
        List<Reservation> reservations = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            reservations.add(index.reserve(2 * BLOCK));
        }
        for (int i = 0; i < 4; i++) {
            int number = i + 1;
            Reservation reservation = reservations.get(i);
            puts.add(new Waiting<>(() -> {
                try (reservation) {
                    reservation.require(2 * BLOCK);
                    EntryFile file = cache.disk.write(cache.newFile(key(number)), 2 * BLOCK);
                    return index.commit(reservation, file, 2 * BLOCK);
                }
            }));
        }
        cache.disk.awaitDeletion();
        assertThat(blocker.state).isEqualTo(Entry.State.EVICTED);
        cache.disk.allow(100);
        int refused = 0;
        for (Waiting<Entry> put : puts) {
            try {
                put.result();
            } catch (ExecutionException e) {
                assertThat(e.getCause()).isInstanceOf(CacheFullException.class);
                refused++;
            }
        }

        assertThat(refused).isLessThan(4);
        for (Reservation reservation : reservations) {
            reservation.close();
        }
        assertThat(index.totals().reservedBytes()).isZero();
    }

    @Test
    void aRefusedPutThatKeepsItsRoomDoesNotHangTheOthers() throws Exception {
        FakeDisk disk = FakeDisk.held(10 * BLOCK);
        try (IndexFixture impatient =
                IndexFixture.started(10 * BLOCK, disk, SharedRoom.PRIVATE, Duration.ofDays(1), Duration.ofMillis(20))) {
            List<Reservation> reservations = reserveThreeTimes(impatient);
            List<Waiting<Void>> puts = requireOneMore(reservations);
            disk.allow(1);

            puts.get(0).result();
            assertThat(puts.get(1).failure()).isInstanceOf(CacheFullException.class);
            assertThat(puts.get(2).failure()).isInstanceOf(CacheFullException.class);
            reservations.forEach(Reservation::close);
        }
    }

    @Test
    void whatARefusedPutGivesBackIsForTheOthers() throws Exception {
        List<Reservation> reservations = reserveThreeTimes(cache);
        List<Waiting<Void>> puts = requireOneMore(reservations);
        cache.disk.allow(1);

        puts.get(0).result();
        assertThat(puts.get(1).failure()).isInstanceOf(CacheFullException.class);
        assertThat(puts.get(2).task.isDone()).as("is not refused as well").isFalse();
        reservations.get(1).close();
        puts.get(2).result();
        reservations.forEach(Reservation::close);
    }

    /** Takes all room: 3 blocks for each put, and one for an entry whose deletion all of them will wait for. */
    private static List<Reservation> reserveThreeTimes(IndexFixture cache) throws Exception {
        cache.put(0, BLOCK);
        List<Reservation> reservations = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            reservations.add(cache.index.reserve(4 * BLOCK));
            reservations.get(i).require(3 * BLOCK);
        }
        return reservations;
    }

    private List<Waiting<Void>> requireOneMore(List<Reservation> reservations) {
        List<Waiting<Void>> puts = new ArrayList<>();
        for (Reservation reservation : reservations) {
            puts.add(new Waiting<>(() -> {
                reservation.require(4 * BLOCK);
                return null;
            }));
        }
        return puts;
    }

    @Test
    void aPutThatCannotFitBesideWhatIsInUseIsRefusedWithoutEvictingAnything() throws Exception {
        cache.putBlocks(10);
        Entry leased = cache.acquire(9);

        assertThatThrownBy(() -> {
                    try (Reservation reservation = index.reserve(0)) {
                        reservation.require(10 * BLOCK);
                    }
                })
                .isInstanceOf(CacheFullException.class);
        assertThat(cache.numbers(10)).hasSize(10);
        index.release(leased);
    }
}
