package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.file;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests what an index finds, evicts, counts and records. */
@ExtendWith(LeakCheck.class)
class IndexTest {
    private final IndexFixture cache = IndexFixture.prompt(10 * BLOCK);
    private final Index index = cache.index;

    @AfterEach
    void close() {
        cache.close();
    }

    @Test
    void anEntryOfAPinnedKeyIsNotEvictedWhateverBecomesOfIt() throws IOException {
        index.pin(key(0)); // before it has an entry
        index.pin(key(0));
        index.pin(key(1));
        Entry first = cache.put(0, BLOCK);
        cache.put(1, BLOCK);
        cache.put(2, BLOCK);

        assertThat(index.evictTo(0)).isEqualTo(BLOCK);
        assertThat(cache.numbers(3)).containsExactly(0, 1);
        assertThat(index.totals().pinnedBytes()).isEqualTo(2 * BLOCK);
        assertThat(index.removeUnlessPinned(first)).isFalse();
        assertThatExceptionOfType(CacheFullException.class)
                .isThrownBy(() -> cache.put(3, 9 * BLOCK))
                .withMessageContaining("8192 are of entries in use or that wait to be uploaded");

        Entry replaced = cache.put(0, 2 * BLOCK); // takes the pin over
        assertThat(index.remove(replaced)).isTrue();
        cache.settle();
        assertThat(index.totals().doomedBytes()).isZero();
        assertThat(index.totals().pinnedBytes()).isEqualTo(BLOCK);
        index.load(cache.disk.write(file(key(0), 77), BLOCK), BLOCK, 1);
        index.unpin(key(0));
        index.evictTo(0);
        assertThat(cache.numbers(3)).containsExactly(0, 1);

        index.unpin(key(0));
        index.evictTo(0);
        assertThat(cache.numbers(3)).containsExactly(1);
        assertThatIllegalStateException().isThrownBy(() -> index.unpin(key(0)));
        index.unpin(key(1));
        index.evictTo(0);
        assertThat(index.totals().storedBytes()).isZero();
        assertThat(index.totals().pinnedBytes()).isZero();
    }

    @Test
    void aPinnedFileThatIsLargerThanTheCacheIsKept() throws IOException {
        index.pin(key(0));

        index.load(cache.disk.write(file(key(0), 1), BLOCK), 11 * BLOCK, 1);
        index.load(cache.disk.write(file(key(1), 2), BLOCK), 11 * BLOCK, 2);
        cache.settle();
        assertThat(cache.numbers(2)).containsExactly(0);
        assertThatExceptionOfType(CacheFullException.class).isThrownBy(() -> cache.put(2, BLOCK));

        index.unpin(key(0));
        cache.settle();
        assertThat(cache.numbers(2)).isEmpty();
    }

    @Test
    void findsWhatWasCommitted() throws Exception {
        Entry entry = cache.put(1, 100);

        assertThat(index.acquire(key(1))).containsSame(entry);
        assertThat(index.acquire(key(2))).isEmpty();
        assertThat(index.contains(key(1))).isTrue();
        assertThat(index.contains(key(2))).isFalse();
        assertThat(index.peek(key(1))).containsSame(entry);
        assertThat(entry.file()).isEqualTo(file(key(1), 0));
        assertThat(entry.storedSize()).isEqualTo(100);
        assertThat(index.totals()).isEqualTo(new IndexTotals(1, 1, BLOCK, 0, 0, 0, 0, 0));
        index.release(entry);
    }

    @Test
    void committingAndAcquiringLeavesNoMomentWithoutALease() throws Exception {
        cache.putBlocks(9);
        Entry entry;
        try (Reservation reservation = index.reserve(1)) {
            entry = index.commitAndAcquire(reservation, cache.disk.write(cache.newFile(key(10)), 1), 1);
        }
        index.evictTo(0);
        assertThat(cache.disk.files()).containsExactly(entry.file());
        index.release(entry);
        index.evictTo(0);
        assertThat(cache.disk.files()).isEmpty();
    }

    @Test
    void evictsTheLeastRecentlyUsed() throws Exception {
        cache.putBlocks(10);
        index.contains(key(0));
        index.release(cache.acquire(1));
        cache.put(10, 3 * BLOCK);
        cache.settle();

        assertThat(cache.disk.deleted()).containsExactly(file(key(2), 2), file(key(3), 3), file(key(4), 4));
        assertThat(index.totals().evictions()).isEqualTo(3);
    }

    @Test
    void peekingIsNoUse() throws Exception {
        cache.putBlocks(10);
        index.peek(key(0));
        cache.put(10, 1);

        assertThat(cache.has(0)).isFalse();
    }

    @Test
    void leasedEntriesAreNotEvicted() throws Exception {
        List<Entry> leased = cache.putBlocks(10);
        leased.forEach(entry -> index.acquire(entry.key()));

        assertThatThrownBy(() -> index.reserve(1))
                .isInstanceOf(CacheFullException.class)
                .hasMessageContaining("40960 are of entries in use or that wait to be uploaded")
                .hasMessageContaining("release entries");
        assertThat(cache.disk.deleted()).isEmpty();

        index.release(leased.get(5));
        cache.put(10, 1);
        cache.settle();
        assertThat(cache.disk.deleted()).containsExactly(leased.get(5).file());
        leased.stream().filter(entry -> entry != leased.get(5)).forEach(index::release);
    }

    @Test
    void aLeaseThatOutlivedAllOtherUsesIsAUseUntilItsEnd() throws Exception {
        cache.putBlocks(10);
        Entry leased = cache.acquire(0);
        for (int i = 1; i < 10; i++) {
            index.contains(key(i));
        }
        cache.put(10, 1); // sets the leased one aside, and evicts the next
        cache.log.clear();
        index.release(leased);

        assertThat(cache.log).containsExactly("used 000000000");
        assertThat(cache.numbers(11)).containsExactly(0, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        for (int i = 11; i < 20; i++) {
            cache.put(i, 1);
        }
        assertThat(cache.has(0)).as("is newer than all but those put since").isTrue();
        cache.put(20, 1);
        assertThat(cache.has(0)).isFalse();
    }

    @Test
    void replacingRemovesTheOldFileOnly() throws Exception {
        Entry old = cache.put(1, 5000);
        Entry entry = cache.put(1, 100);
        cache.settle();

        assertThat(index.peek(key(1))).containsSame(entry);
        assertThat(cache.disk.deleted()).containsExactly(old.file());
        assertThat(index.remove(old))
                .as("a reference to the old entry removes nothing")
                .isFalse();
        assertThat(index.totals()).isEqualTo(new IndexTotals(1, 1, BLOCK, 0, 0, 0, 0, 0));
    }

    @Test
    void removingTwiceCountsOnce() throws Exception {
        Entry entry = cache.put(1, 100);

        assertThat(index.remove(entry)).isTrue();
        assertThat(index.remove(entry)).isFalse();
        cache.settle();
        assertThat(index.totals()).isEqualTo(new IndexTotals(0, 0, 0, 0, 0, 0, 0, 0));
        assertThat(cache.disk.files()).isEmpty();
    }

    @Test
    void aRemovedFileStaysAndCountsUntilTheLastLeaseIsReleased() throws Exception {
        Entry entry = cache.put(1, 100);
        cache.acquire(1);
        cache.acquire(1);
        index.remove(entry);
        index.release(entry);
        cache.settle();

        assertThat(index.acquire(key(1))).isEmpty();
        assertThat(cache.disk.has(entry.file())).isTrue();
        assertThat(index.totals()).isEqualTo(new IndexTotals(0, 0, 0, 0, BLOCK, 0, 0, 0));

        index.release(entry);
        cache.settle();
        assertThat(cache.disk.files()).isEmpty();
        assertThat(index.totals().doomedBytes()).isZero();
    }

    @Test
    void closingDeletesRemovedFilesEvenIfTheyAreLeased() throws Exception {
        Entry entry = cache.put(1, 100);
        Entry other = cache.put(2, 100);
        cache.acquire(1);
        cache.acquire(2);
        index.remove(entry);
        index.close();

        assertThat(cache.disk.files()).containsExactly(other.file());
        index.release(entry);
        index.release(other);
    }

    @Test
    void releasingMoreOftenThanAcquiringIsAnError() throws Exception {
        Entry entry = cache.put(1, 100);
        index.release(cache.acquire(1));

        assertThatThrownBy(() -> index.release(entry))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more often");
    }

    @Test
    void theLogHasEveryChangeInTheOrderOfUse() throws Exception {
        cache.put(1, 1);
        index.contains(key(1));
        index.contains(key(9));
        cache.put(1, 1);
        index.release(cache.acquire(1));
        index.remove(index.peek(key(1)).orElseThrow());

        assertThat(cache.log)
                .containsExactly(
                        "added 000000000",
                        "used 000000000",
                        "removed 000000000",
                        "added 000000001",
                        "used 000000001",
                        "removed 000000001");
    }

    @Test
    void usesAreNumberedInTheirOrder() throws Exception {
        List<Entry> entries = cache.putBlocks(3);
        index.load(file(key(5), 5), 1, 1000);
        index.contains(key(1));

        assertThat(entries).extracting(Entry::tick).containsExactly(1L, 1001L, 3L);
        assertThat(index.snapshot()).extracting(Entry::key).containsExactly(key(5), key(0), key(2), key(1));
    }

    @Test
    void evictsDownToASizeOnRequest() throws Exception {
        cache.putBlocks(10);
        cache.acquire(0);

        assertThat(index.evictTo(4 * BLOCK)).isEqualTo(6 * BLOCK);
        assertThat(cache.disk.deleted()).as("are deleted when the call returns").hasSize(6);
        assertThat(cache.numbers(10)).containsExactly(0, 7, 8, 9);
        assertThat(index.evictTo(0)).isEqualTo(3 * BLOCK);
        assertThat(cache.numbers(10)).containsExactly(0);
        assertThat(index.evictTo(BLOCK)).isZero();
    }

    @Test
    void aClosedIndexSaysSo() throws Exception {
        Entry entry = cache.put(1, 1);
        Reservation reservation = index.reserve(1);
        index.close();
        index.close();

        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> index.acquire(key(1)),
                () -> index.contains(key(1)),
                () -> index.reserve(1),
                () -> reservation.require(5000),
                () -> index.commit(reservation, file(key(2), 7), 1),
                () -> index.remove(entry),
                () -> index.load(file(key(2), 7), 1, 1),
                () -> index.evictTo(0))) {
            assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessage("this cache is closed");
        }
        reservation.close();
        assertThat(index.totals()).isEqualTo(new IndexTotals(1, 1, BLOCK, 0, 0, 0, 0, 0));
    }

    @Test
    void clockJumpsChangeNeitherOrderNorBounds() throws Exception {
        cache.putBlocks(5);
        cache.nanoTime.addAndGet(-Duration.ofDays(1000).toNanos());
        index.contains(key(0));
        cache.nanoTime.addAndGet(Duration.ofDays(2000).toNanos());
        index.contains(key(1));
        cache.nanoTime.addAndGet(-Duration.ofDays(1000).toNanos());
        index.evictTo(0);
        cache.settle();

        assertThat(cache.disk.deleted())
                .extracting(EntryFile::suffix)
                .containsExactly("000000002", "000000003", "000000004", "000000000", "000000001");
        assertThat(cache.evicted).allMatch(unused -> !unused.isNegative());
    }

    @Test
    void theListenerHearsForHowLongAVictimWasNotUsed() throws Exception {
        cache.put(1, 1);
        index.load(cache.disk.write(file(key(2), 77), 1), 1, 0, Duration.ofHours(50));
        index.load(cache.disk.write(file(key(3), 78), 1), 1, -1, Duration.ofSeconds(Long.MAX_VALUE));
        cache.nanoTime.addAndGet(Duration.ofMinutes(3).toNanos());
        index.evictTo(0);
        cache.settle(); // the listener is called after a file was counted as deleted

        assertThat(cache.evicted).hasSize(3);
        assertThat(cache.evicted.get(0)).isGreaterThan(Duration.ofDays(100));
        assertThat(cache.evicted.subList(1, 3))
                .containsExactly(Duration.ofHours(50).plusMinutes(3), Duration.ofMinutes(3));
    }

    @Test
    void filesKeepTheirNames() {
        for (String suffix :
                List.of("000000000", "123456789", "0", "999999999999999999", "0000000000000000000", "a1Z")) {
            for (EntryFile.Format format : EntryFile.Format.values()) {
                EntryFile file = new EntryFile(key(1), format, -1, suffix);
                Entry entry = new Entry(file, 5);
                assertThat(entry.file()).isEqualTo(file);
                assertThat(entry.contentSize())
                        .as("is the file's where the name has none")
                        .isEqualTo(5);
            }
        }
    }
}
