package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Sha256;
import io.blobstore.cas.Keyspace;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests what becomes of a file that a process put a second time before it died. */
@ExtendWith(LeakCheck.class)
class SecondFilesTest {
    private static final byte[] CONTENT = {1, 2, 3, 4, 5};
    private static final byte[] DAMAGED = {1, 2, 3, 4, 6};
    private static final EntryKey KEY = new EntryKey(Keyspace.CAS, Sha256.of(ByteBuffer.wrap(CONTENT)));
    private static final long SETTLED = SecondFiles.SETTLED.toNanos();

    @TempDir
    Path directory;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private Layout layout;
    private Index index;
    private SecondFiles seconds;

    @BeforeEach
    void create() throws IOException {
        layout = new Layout(directory);
        layout.create();
        index = new Index(1 << 20, new ReaperTest.NoLog(), entry -> Files.delete(layout.path(entry.file())));
        seconds = new SecondFiles(layout, Files::delete, now::get);
    }

    @AfterEach
    void close() {
        index.close();
    }

    private EntryFile write(EntryKey key, String suffix, byte[] content) throws IOException {
        EntryFile file = new EntryFile(key, EntryFile.Format.PLAIN, -1, suffix);
        Files.createDirectories(layout.path(file).getParent());
        Files.write(layout.path(file), content);
        return file;
    }

    private EntryFile entry(EntryKey key, String suffix, byte[] content) throws IOException {
        EntryFile file = write(key, suffix, content);
        assertThat(index.load(file, content.length, Index.NOW)).isTrue();
        return file;
    }

    private boolean exists(EntryFile file) {
        return Files.exists(layout.path(file));
    }

    private EntryFile indexed(EntryKey key) {
        return index.peek(key).orElseThrow().file();
    }

    /** Passes the time after which a file belongs to a dead process. */
    private void settle(EntryFile second) {
        assertThat(seconds.resolve(index, Set.of(second))).isTrue();
        now.addAndGet(SETTLED - 1);
        assertThat(seconds.resolve(index, Set.of(second))).isTrue();
        assertThat(exists(second)).isTrue();
        now.addAndGet(1);
        assertThat(seconds.resolve(index, Set.of(second))).isFalse();
        index.reaper.awaitIdle();
    }

    @Test
    void aSecondFileIsDeletedWhenNoLivingProcessCanHaveItAnyMore() throws IOException {
        EntryFile entry = entry(KEY, "2", CONTENT);
        for (String suffix : new String[] {"1", "3"}) { // whatever the living would agree on
            EntryFile second = write(KEY, suffix, CONTENT);
            settle(second);
            assertThat(exists(second)).isFalse();
            assertThat(exists(entry)).isTrue();
            assertThat(indexed(KEY)).isEqualTo(entry);
        }
    }

    @Test
    void theSecondFileBecomesTheEntryIfThatIsDamaged() throws IOException {
        EntryFile entry = entry(KEY, "1", DAMAGED);
        EntryFile second = write(KEY, "2", CONTENT);
        settle(second);
        assertThat(exists(entry)).isFalse();
        assertThat(exists(second)).isTrue();
        assertThat(indexed(KEY)).isEqualTo(second);
        assertThat(index.totals().entries()).isEqualTo(1);
    }

    @Test
    void bothAreRemovedIfBothAreDamaged() throws IOException {
        EntryFile entry = entry(KEY, "1", DAMAGED);
        EntryFile second = write(KEY, "2", DAMAGED);
        settle(second);
        assertThat(exists(entry) || exists(second)).isFalse();
        assertThat(index.peek(KEY)).isEmpty();
    }

    @Test
    void ofTwoRecordsTheEntryStays() throws IOException {
        EntryKey key = new EntryKey(Keyspace.AC, KEY.hash());
        EntryFile entry = entry(key, "2", CONTENT);
        EntryFile second = write(key, "1", DAMAGED);
        settle(second);
        assertThat(exists(second)).isFalse();
        assertThat(indexed(key)).isEqualTo(entry);
    }

    @Test
    void aReplacedFileThatIsReadStays() throws IOException {
        EntryFile old = entry(KEY, "1", CONTENT);
        Entry leased = index.acquire(KEY).orElseThrow();
        index.remove(leased);
        EntryFile entry = entry(KEY, "2", CONTENT);
        settle(old);
        assertThat(exists(old)).isTrue();
        index.release(leased);
        index.reaper.awaitIdle();
        assertThat(exists(old)).isFalse();
        assertThat(indexed(KEY)).isEqualTo(entry);
    }

    @Test
    void aFileThatWasNoSecondOneMeanwhileBeginsAnew() throws IOException {
        entry(KEY, "1", CONTENT);
        EntryFile second = write(KEY, "2", CONTENT);
        assertThat(seconds.resolve(index, Set.of(second))).isTrue();
        assertThat(seconds.resolve(index, Set.of())).isFalse();
        now.addAndGet(SETTLED);
        settle(second);
        assertThat(exists(second)).isFalse();
    }
}
