package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.file;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.contract.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests how much room reservations take, and what they evict for it. */
@ExtendWith(LeakCheck.class)
class ReservationTest {
    private static final long MIB = 1 << 20;

    @Test
    void announcingMuchEvictsAlmostNothing() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(1024 * MIB)) {
            for (int i = 0; i < 1100; i++) {
                cache.put(i, MIB);
            }
            cache.settle();
            long evictedBefore = cache.index.totals().evictions();
            try (Reservation reservation = cache.index.reserve(1024 * MIB)) {
                reservation.require(100);
            }
            cache.settle();

            assertThat((cache.index.totals().evictions() - evictedBefore) * MIB)
                    .as("bytes evicted for a put of 1 GiB of which 100 bytes arrived")
                    .isLessThan(5 * MIB);
            assertThat(cache.index.totals().reservedBytes()).isZero();
        }
    }

    @Test
    void growsInStepsWithWhatArrives() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(1024 * MIB);
                Reservation reservation = cache.index.reserve(10 * MIB)) {
            assertThat(cache.index.totals().reservedBytes()).isEqualTo(4 * MIB);
            reservation.require(4 * MIB);
            assertThat(cache.index.totals().reservedBytes()).isEqualTo(4 * MIB);
            reservation.require(4 * MIB + 1);
            assertThat(cache.index.totals().reservedBytes()).isEqualTo(8 * MIB);
            reservation.require(8 * MIB + 1);
            assertThat(cache.index.totals().reservedBytes())
                    .as("no more than was announced")
                    .isEqualTo(10 * MIB);
            reservation.require(10 * MIB + 1);
            assertThat(cache.index.totals().reservedBytes())
                    .as("unless more arrives")
                    .isEqualTo(10 * MIB + BLOCK);
        }
    }

    @Test
    void smallContentReservesNoMoreThanItsSize() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(1024 * MIB);
                Reservation reservation = cache.index.reserve(5000);
                Reservation nothing = cache.index.reserve(0)) {
            assertThat(cache.index.totals().reservedBytes()).isEqualTo(2 * BLOCK);
            reservation.require(5000);
            nothing.require(0);
            assertThat(cache.index.totals().reservedBytes()).isEqualTo(2 * BLOCK);
        }
    }

    @Test
    void manyPutsFitSideBySideInASmallCache() throws Exception {
        List<Reservation> reservations = new ArrayList<>();
        try (IndexFixture cache = IndexFixture.prompt(64 * BLOCK)) {
            for (int i = 0; i < 64; i++) {
                reservations.add(cache.index.reserve(64 * BLOCK));
            }
            assertThatThrownBy(() -> cache.index.reserve(64 * BLOCK)).isInstanceOf(CacheFullException.class);
            assertThatThrownBy(() -> reservations.get(0).require(BLOCK + 1)).isInstanceOf(CacheFullException.class);
            reservations.remove(0).close();
            reservations.get(0).require(BLOCK + 1);
            reservations.forEach(Reservation::close);
            assertThat(cache.index.totals().reservedBytes()).isZero();
        }
    }

    @Test
    void takesTheRestIfThereIsLessThanAStep() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(256 * BLOCK); // a step is 4 blocks
                Reservation most = cache.index.reserve(254 * BLOCK)) {
            most.require(254 * BLOCK);
            try (Reservation rest = cache.index.reserve(10 * BLOCK)) {
                assertThat(cache.index.totals().reservedBytes()).isEqualTo(256 * BLOCK);
                rest.require(2 * BLOCK);
                assertThatThrownBy(() -> rest.require(2 * BLOCK + 1)).isInstanceOf(CacheFullException.class);
            }
        }
    }

    @Test
    void contentLargerThanTheCacheIsRefusedAtOnceAndEvictsNothing() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(10 * BLOCK + 100)) {
            cache.putBlocks(10);
            for (long size : new long[] {10 * BLOCK + 1, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
                assertThatThrownBy(() -> cache.index.reserve(size))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(
                                "than the cache, which has 41060 in blocks of 4096: raise its maximum size");
            }
            assertThatThrownBy(() -> cache.index.reserve(-1)).isInstanceOf(IllegalArgumentException.class);
            cache.index.evictTo(9 * BLOCK);
            try (Reservation reservation = cache.index.reserve(1)) {
                assertThatThrownBy(() -> reservation.require(Long.MAX_VALUE))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> reservation.require(-1)).isInstanceOf(IllegalArgumentException.class);
            }
            cache.settle();
            assertThat(cache.numbers(10)).hasSize(9);
        }
    }

    @Test
    void hugeMaximaDoNotOverflow() throws Exception {
        for (long max : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 4094, 1L << 60}) {
            try (IndexFixture cache = IndexFixture.prompt(max);
                    Reservation reservation = cache.index.reserve(1L << 60)) {
                reservation.require(1L << 60);
                assertThat(cache.index.totals().reservedBytes()).isEqualTo(1L << 60);
                assertThatThrownBy(() -> cache.index.reserve(1L << 60)).isInstanceOf(CacheFullException.class);
                assertThatThrownBy(() -> cache.index.reserve(Long.MAX_VALUE))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void hugeFilesThatAreFoundAreCountedOrRefused() throws Exception {
        try (IndexFixture cache = IndexFixture.manual(10 * BLOCK)) {
            long huge = 3L << 60;
            cache.put(1, 1);
            assertThatThrownBy(() -> cache.index.load(file(key(2), 2), Long.MAX_VALUE, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not one that a cache has written");
            assertThat(cache.index.load(file(key(3), 3), huge, 0)).isTrue();
            assertThatThrownBy(() -> cache.index.load(file(key(4), 4), huge, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(cache.has(3))
                    .as("evicted at once, as it is larger than the cache")
                    .isFalse();
            assertThat(cache.has(1))
                    .as("not evicted for a file that cannot stay")
                    .isTrue();
            assertThat(cache.index.totals().doomedBytes()).isEqualTo(huge);
        }
    }

    @Test
    void sizesOfFilesMustNotBeNegative() {
        assertThatThrownBy(() -> new Entry(file(key(1), 1), -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> IndexFixture.prompt(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void committingMoreThanWasReservedIsAnErrorAndChangesNothing() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(10 * BLOCK)) {
            Reservation reservation = cache.index.reserve(BLOCK);
            assertThatThrownBy(() -> cache.index.commit(reservation, file(key(1), 1), BLOCK + 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was not reserved");
            assertThat(cache.index.totals()).isEqualTo(new IndexTotals(0, 0, 0, BLOCK, 0, 0, 0, 0));
            reservation.close();
            reservation.close();
            assertThatThrownBy(() -> cache.index.commit(reservation, file(key(1), 1), 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> reservation.require(1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(cache.index.totals()).isEqualTo(new IndexTotals(0, 0, 0, 0, 0, 0, 0, 0));
        }
    }

    @Test
    void whatIsLeftFreeLetsPutsGoOnWithoutWaiting() throws Exception {
        try (IndexFixture cache = IndexFixture.manual(1000 * BLOCK)) {
            for (int i = 0; i < 1000; i++) {
                cache.put(i, BLOCK); // would wait for ever if the reaper was needed
            }
            assertThat(cache.index.totals().storedBytes()).isEqualTo(1000 * BLOCK);
            for (int i = 0; i < 20; i++) {
                cache.complete(cache.poll());
            }
            assertThat(cache.index.reaper.poll(cache.index.entries))
                    .as("2 % are free")
                    .isNull();
        }
    }
}
