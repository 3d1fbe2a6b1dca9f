package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.FakeDisk.file;
import static io.blobstore.cas.internal.FakeDisk.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cas.CacheFullException;
import io.blobstore.contract.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests the index on one thread: what is found, what is evicted, and what is recorded. */
@ExtendWith(LeakCheck.class)
class IndexTest {
    private static final long BLOCK = 4096;

    private final FakeDisk disk = FakeDisk.prompt();
    private final List<String> log = new ArrayList<>();
    private final Index index = new Index(10 * BLOCK, new Recorder(log), disk);
    private int suffix;

    @AfterEach
    void close() {
        index.close();
    }

    private Entry put(int number, long size) throws Exception {
        try (Reservation reservation = index.reserve(size)) {
            reservation.require(size);
            return index.commit(reservation, disk.create(file(key(number), suffix++), size), size);
        }
    }

    @Test
    void findsWhatWasCommitted() throws Exception {
        Entry entry = put(1, 100);

        assertThat(index.acquire(key(1))).containsSame(entry);
        assertThat(index.acquire(key(2))).isEmpty();
        assertThat(index.contains(key(1))).isTrue();
        assertThat(index.contains(key(2))).isFalse();
        assertThat(entry.file()).isEqualTo(file(key(1), 0));
        assertThat(entry.storedSize()).isEqualTo(100);
        assertThat(index.totals()).isEqualTo(new IndexTotals(1, 1, BLOCK, 0, 0, 0, 0));
        index.release(entry);
    }

    @Test
    void evictsTheLeastRecentlyUsed() throws Exception {
        for (int i = 0; i < 10; i++) {
            put(i, BLOCK);
        }
        index.contains(key(0));
        index.release(index.acquire(key(1)).orElseThrow());
        put(10, 3 * BLOCK);

        assertThat(disk.deleted()).containsExactly(file(key(2), 2), file(key(3), 3), file(key(4), 4));
        assertThat(index.totals().evictions()).isEqualTo(3);
    }

    @Test
    void leasedEntriesAreNotEvicted() throws Exception {
        List<Entry> leased = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            put(i, BLOCK);
            leased.add(index.acquire(key(i)).orElseThrow());
        }

        assertThatThrownBy(() -> index.reserve(1))
                .isInstanceOf(CacheFullException.class)
                .hasMessageContaining("release entries");
        assertThat(disk.count()).isEqualTo(10);
        index.release(leased.get(5));
        put(10, 1);
        assertThat(disk.deleted()).containsExactly(file(key(5), 5));
        leased.stream().filter(entry -> entry.leases > 0).forEach(index::release);
    }

    /** Names each record by the suffix of its entry. */
    record Recorder(List<String> records) implements IndexLog {
        @Override
        public void added(Entry entry) {
            records.add("added " + entry.file().suffix());
        }

        @Override
        public void removed(Entry entry) {
            records.add("removed " + entry.file().suffix());
        }

        @Override
        public void used(Entry entry) {
            records.add("used " + entry.file().suffix());
        }
    }
}
