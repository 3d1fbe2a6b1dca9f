package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheListener;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that files which cannot be deleted are counted, tried again, and stop nothing else. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ReaperTest {
    private static IndexFixture withPause(Duration pause) {
        return IndexFixture.started(
                100 * BLOCK, FakeDisk.prompt(100 * BLOCK), SharedRoom.PRIVATE, pause, Duration.ofDays(1));
    }

    @Test
    void aFileThatCannotBeDeletedStaysCountedAndIsTriedAgain() throws Exception {
        try (IndexFixture cache = withPause(Duration.ofMillis(20))) {
            List<Entry> entries = cache.putBlocks(2);
            cache.disk.fail(3);
            entries.forEach(cache.index::remove);
            IndexFixture.await(() -> {
                assertThat(cache.index.totals().doomedBytes()).isGreaterThanOrEqualTo(cache.disk.bytes());
                return cache.index.totals().failedUnlinks() == 3;
            });
            IndexFixture.await(() -> cache.index.totals().doomedBytes() == 0);

            assertThat(cache.disk.files()).isEmpty();
            assertThat(cache.index.totals()).isEqualTo(new IndexTotals(0, 0, 0, 0, 0, 0, 3, 0));
        }
    }

    @Test
    void otherVictimsAreFoundMeanwhile() throws Exception {
        try (IndexFixture cache = withPause(Duration.ofDays(1))) {
            cache.putBlocks(98);
            cache.settle();
            cache.disk.fail(1);
            for (int i = 100; i < 110; i++) {
                cache.put(i, BLOCK);
            }
            cache.settle();

            IndexTotals totals = cache.index.totals();
            assertThat(totals.failedUnlinks()).isEqualTo(1);
            assertThat(totals.doomedBytes()).isEqualTo(BLOCK);
            assertThat(totals.storedBytes()).isEqualTo(97 * BLOCK);
            assertThat(cache.disk.bytes()).isEqualTo(98 * BLOCK);
            assertThat(cache.has(0))
                    .as("is not found although its file is there still")
                    .isFalse();
            cache.index.close();
            assertThat(cache.disk.bytes()).as("is tried once more at the end").isEqualTo(97 * BLOCK);
        }
    }

    @Test
    void aDiskThatDeletesNothingDoesNotCostAllEntries() throws Exception {
        try (IndexFixture cache = withPause(Duration.ofMillis(20))) {
            cache.putBlocks(98);
            cache.disk.fail(Integer.MAX_VALUE);
            int refused = 0;
            for (int i = 100; i < 150; i++) {
                try {
                    cache.put(i, BLOCK);
                } catch (CacheFullException e) {
                    assertThat(e).hasMessageContaining("could not be deleted");
                    refused++;
                }
            }

            assertThat(refused).isGreaterThan(40);
            assertThat(cache.index.totals().entries()).isGreaterThanOrEqualTo(90);
            IndexTotals totals = cache.index.totals();
            assertThat(totals.storedBytes() + totals.doomedBytes()).isLessThanOrEqualTo(100 * BLOCK);
            assertThat(totals.storedBytes() + totals.doomedBytes()).isEqualTo(cache.disk.bytes());

            cache.disk.fail(0);
            IndexFixture.await(() -> cache.index.totals().doomedBytes() == 0);
            cache.put(200, BLOCK);
            assertThat(cache.has(200)).as("goes on when the disk does").isTrue();
        }
    }

    @Test
    void errorsDoNotEndTheReaper() throws Exception {
        try (IndexFixture cache = withPause(Duration.ofMillis(1))) {
            cache.disk.fail(2, new StackOverflowError("injected"));
            cache.index.remove(cache.put(1, 1));
            IndexFixture.await(() -> cache.index.totals().doomedBytes() == 0);
            assertThat(cache.index.totals().failedUnlinks()).isEqualTo(2);
        }
    }

    @Test
    void aFailureAtTheEndLeavesTheFileAndEnds() throws Exception {
        IndexFixture cache = withPause(Duration.ofDays(1));
        cache.disk.fail(Integer.MAX_VALUE);
        cache.index.remove(cache.put(1, 1));
        cache.close();

        assertThat(cache.disk.files()).hasSize(1);
        assertThat(cache.index.totals().doomedBytes()).isEqualTo(BLOCK);
    }

    @Test
    void aListenerThatThrowsDoesNotEndTheReaper() throws Exception {
        FakeDisk disk = FakeDisk.prompt(10 * BLOCK);
        CacheListener listener = new CacheListener() {
            @Override
            public void evicted(Keyspace keyspace, long storedSize, Duration unused) {
                throw new IllegalStateException("injected");
            }
        };
        try (Index index = new Index(10 * BLOCK, new NoLog(), disk, listener)) {
            for (int i = 0; i < 30; i++) {
                try (Reservation reservation = index.reserve(1)) {
                    index.commit(reservation, disk.write(IndexFixture.file(key(i), i), 1), 1);
                }
            }
            assertThat(index.totals().evictions()).isGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void theReaperIsADaemonAndEndsWithItsIndex() {
        IndexFixture cache = withPause(Duration.ofDays(1));
        assertThat(reapers()).hasSize(1).allMatch(Thread::isDaemon);
        reapers().forEach(Thread::interrupt);
        assertThat(reapers()).as("an interrupt is not its end").hasSize(1);
        cache.close();
        assertThat(reapers()).isEmpty();
    }

    private static Set<Thread> reapers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("blobstore-cache-reaper"))
                .collect(Collectors.toSet());
    }

    /** A failure of the log's owner is not simulated here: it must not throw. */
    static final class NoLog implements IndexLog {
        @Override
        public void added(Entry entry) {}

        @Override
        public void removed(Entry entry) {}

        @Override
        public void used(Entry entry) {}
    }

    @Test
    void anUnlinkThatFailsWithoutLeasesKeepsThePutsThatWaitFromHanging() throws Exception {
        FakeDisk disk = FakeDisk.prompt(10 * BLOCK);
        try (IndexFixture cache =
                IndexFixture.started(10 * BLOCK, disk, SharedRoom.PRIVATE, Duration.ofDays(1), Duration.ofDays(1))) {
            cache.putBlocks(10);
            disk.fail(Integer.MAX_VALUE, new IOException("read-only file system"));
            assertThatThrownBy(() -> cache.put(10, 5 * BLOCK)).isInstanceOf(CacheFullException.class);
            assertThat(cache.index.totals().reservedBytes()).isZero();
            disk.fail(0);
        }
        assertThat(disk.bytes()).as("deleted in the end").isLessThan(10 * BLOCK);
    }
}
