package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.file;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheListener;
import io.blobstore.contract.LeakCheck;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests an index whose room is shared with other processes, which are played by the test. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class SharedRoomIndexTest {
    /** Room of a number of bytes. What files take is given back by whoever deletes them. */
    private static final class FakeRoom implements SharedRoom {
        final AtomicLong free;
        volatile boolean evicts;

        FakeRoom(long free, boolean evicts) {
            this.free = new AtomicLong(free);
            this.evicts = evicts;
        }

        @Override
        public boolean take(long bytes) {
            long before = free.getAndUpdate(left -> left >= bytes ? left - bytes : left);
            return before >= bytes;
        }

        @Override
        public void give(long bytes) {
            free.addAndGet(bytes);
        }

        @Override
        public boolean evicts() {
            return evicts;
        }
    }

    private static IndexFixture open(FakeRoom room, Duration patience) {
        FakeDisk disk = FakeDisk.prompt(Long.MAX_VALUE);
        return IndexFixture.started(100 * BLOCK, disk, room, Duration.ofMillis(1), patience);
    }

    /** Deletes as the directory does: what a file took is given back to the room. */
    private static Index open(FakeRoom room, FakeDisk disk) {
        Unlink unlink = entry -> {
            disk.unlink(entry);
            room.give(FakeDisk.blocks(entry.storedSize()));
        };
        return new Index(100 * BLOCK, new ReaperTest.NoLog(), unlink, room, CacheListener.NONE);
    }

    @Test
    void reservationsTakeAndGiveBackExactlyWhatTheyNeed() throws Exception {
        FakeRoom room = new FakeRoom(100 * BLOCK, true);
        try (IndexFixture cache = open(room, Duration.ofDays(1))) {
            Reservation reservation = cache.index.reserve(10 * BLOCK);
            reservation.require(5 * BLOCK);
            assertThat(room.free).hasValue(95 * BLOCK);
            cache.index.commit(reservation, cache.disk.write(file(key(1), 1), 2 * BLOCK + 1), 2 * BLOCK + 1);
            assertThat(room.free).hasValue(97 * BLOCK);
            reservation.close();
            try (Reservation other = cache.index.reserve(10 * BLOCK)) {
                other.require(7 * BLOCK);
            }
            cache.index.load(cache.disk.write(file(key(2), 2), 5 * BLOCK), 5 * BLOCK, 0);
            assertThat(room.free)
                    .as("files that are found were counted by those who wrote them")
                    .hasValue(97 * BLOCK);
        }
    }

    @Test
    void theProcessThatEvictsDoesSoForOthersToo() throws Exception {
        FakeRoom room = new FakeRoom(100 * BLOCK, true);
        FakeDisk disk = FakeDisk.prompt(Long.MAX_VALUE);
        try (Index index = open(room, disk)) {
            for (int i = 0; i < 50; i++) {
                commit(index, disk, i);
            }
            room.take(50 * BLOCK); // by another process
            for (int i = 50; i < 55; i++) {
                commit(index, disk, i); // although there is room by its own count
            }
            assertThat(disk.deleted().stream().map(EntryFile::key).toList())
                    .isEqualTo(IntStream.range(0, 5).mapToObj(IndexFixture::key).toList());
            assertThat(index.evictTo(20 * BLOCK)).isEqualTo(30 * BLOCK);
            assertThat(room.free).hasValue(30 * BLOCK);
        }
    }

    private static void commit(Index index, FakeDisk disk, int number) throws Exception {
        try (Reservation reservation = index.reserve(BLOCK)) {
            index.commit(reservation, disk.write(file(key(number), number), BLOCK), BLOCK);
        }
    }

    @Test
    void theProcessThatEvictsRefusesWhatItCannotMakeRoomFor() throws Exception {
        FakeRoom room = new FakeRoom(5 * BLOCK, true);
        FakeDisk disk = FakeDisk.prompt(Long.MAX_VALUE);
        try (Index index = open(room, disk)) {
            commit(index, disk, 1);
            Entry leased = index.acquire(key(1)).orElseThrow();
            try (Reservation reservation = index.reserve(BLOCK)) {
                assertThatThrownBy(() -> reservation.require(5 * BLOCK))
                        .isInstanceOf(CacheFullException.class)
                        .hasMessageContaining("besides those of other processes");
                reservation.require(4 * BLOCK);
            }
            index.release(leased);
            assertThat(room.free).hasValue(4 * BLOCK);
            assertThat(index.peek(key(1))).isPresent();
        }
    }

    @Test
    void aProcessThatMustNotEvictWaitsUntilAnotherHasMadeRoom() throws Exception {
        FakeRoom room = new FakeRoom(0, false);
        try (IndexFixture cache = open(room, Duration.ofDays(1))) {
            FutureTask<Entry> put = new FutureTask<>(() -> cache.put(1, 3 * BLOCK));
            Thread thread = new Thread(put);
            thread.start();
            room.give(2 * BLOCK);
            while (room.free.get() == 2 * BLOCK) {
                Thread.onSpinWait(); // it takes what is there for a beginning
            }
            assertThat(put.isDone()).isFalse();
            room.give(BLOCK);
            put.get();
            assertThat(room.free).hasValue(0);
            thread.join();
        }
    }

    @Test
    void aProcessThatMustNotEvictGivesUpInTheEnd() throws Exception {
        FakeRoom room = new FakeRoom(BLOCK, false);
        try (IndexFixture cache = open(room, Duration.ofMillis(30))) {
            assertThatThrownBy(() -> cache.put(1, 3 * BLOCK)).isInstanceOf(CacheFullException.class);
            assertThat(room.free).as("gives back what it had").hasValue(BLOCK);
        }
    }

    @Test
    void thatWaitCanBeInterrupted() throws Exception {
        FakeRoom room = new FakeRoom(BLOCK, false);
        try (IndexFixture cache = open(room, Duration.ofDays(1))) {
            FutureTask<Boolean> put = new FutureTask<>(() -> {
                try {
                    cache.put(1, 3 * BLOCK);
                    return false;
                } catch (InterruptedIOException e) {
                    return Thread.currentThread().isInterrupted();
                }
            });
            Thread thread = new Thread(put);
            thread.start();
            thread.interrupt();
            assertThat(put.get()).isTrue();
            assertThat(room.free).hasValue(BLOCK);
            thread.join();
        }
    }

    @Test
    void closingEndsThatWait() throws Exception {
        FakeRoom room = new FakeRoom(0, false);
        IndexFixture cache = open(room, Duration.ofDays(1));
        FutureTask<Entry> put = new FutureTask<>(() -> cache.put(1, 3 * BLOCK));
        Thread thread = new Thread(put);
        thread.start();
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        cache.close();
        assertThatThrownBy(put::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IllegalStateException.class);
        thread.join();
    }

    @Test
    void aProcessThatMustNotEvictKeepsAllThatItFinds() throws Exception {
        FakeRoom room = new FakeRoom(0, false);
        try (IndexFixture cache = open(room, Duration.ofDays(1))) {
            for (int i = 0; i < 300; i++) {
                cache.index.load(cache.disk.write(file(key(i), i), BLOCK), BLOCK, i);
            }
            cache.index.load(cache.disk.write(file(key(300), 300), 500 * BLOCK), 500 * BLOCK, 300);
            assertThat(cache.index.evictTo(0)).isZero();
            cache.settle();
            assertThat(cache.index.totals().entries()).isEqualTo(301);
            assertThat(cache.disk.deleted()).isEmpty();

            room.evicts = true; // it has taken over
            cache.index.contains(key(0));
            cache.index.evictTo(100 * BLOCK);
            assertThat(cache.index.totals().storedBytes()).isLessThanOrEqualTo(100 * BLOCK);
        }
    }
}
