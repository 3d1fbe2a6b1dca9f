package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.cache.pieces.Blocking;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheInUseException;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests several processes on one directory. */
@ExtendWith(LeakCheck.class)
class CacheProcessesTest {
    @TempDir
    Path parent;

    private Path directory;
    private Path state;

    @BeforeEach
    void paths() {
        directory = parent.resolve("cache");
        state = parent.resolve(".cache.blobstore-cas");
    }

    private CacheMember start(AccessMode mode) throws IOException {
        return CacheMember.start(parent, directory, mode);
    }

    // ---- exclusive

    @Test
    void aSecondProcessIsRefusedAndToldWhichOneHasTheCache() throws Exception {
        try (CacheMember first = start(AccessMode.EXCLUSIVE).ready()) {
            for (AccessMode mode : List.of(AccessMode.EXCLUSIVE, AccessMode.SHARED)) {
                assertThatThrownBy(() -> OpenedCache.open(directory, mode))
                        .isInstanceOf(CacheInUseException.class)
                        .hasMessageContaining(directory.toString())
                        .hasMessageContaining(Long.toString(first.pid()));
            }
            assertThat(first.ask("put 1 10")).startsWith("put");
            first.kill();
            try (OpenedCache second = OpenedCache.open(directory)) {
                assertThat(second.find(OpenedCache.key(1))).isTrue();
            }
        }
    }

    @Test
    void aSecondCacheInTheSameProcessIsRefusedAndDoesNotUnlockTheFirst() throws Exception {
        try (OpenedCache first = OpenedCache.open(directory)) {
            assertThatThrownBy(() -> OpenedCache.open(directory))
                    .isInstanceOf(CacheInUseException.class)
                    .hasMessageContaining(directory.toString());
            Path link = Files.createSymbolicLink(parent.resolve("link"), directory);
            assertThatThrownBy(() -> OpenedCache.open(link)).isInstanceOf(CacheInUseException.class);
            try (CacheMember other = start(AccessMode.EXCLUSIVE)) {
                assertThat(other.join().output()).contains("CacheInUseException");
            }
            first.put(OpenedCache.key(1), 10);
        }
        OpenedCache.open(directory).close();
    }

    @Test
    void whatAKilledProcessHadNotFinishedIsDeleted() throws Exception {
        try (CacheMember member = start(AccessMode.EXCLUSIVE).ready()) {
            Path temporary = Path.of(member.ask("temporary"));
            assertThat(temporary).exists();
            member.kill();
            assertThat(temporary).exists();
            OpenedCache.open(directory).close();
            assertThat(temporary).doesNotExist();
            assertThat(state.resolve("tmp")).isEmptyDirectory();
        }
    }

    @Test
    void aKilledProcessLosesNoEntryAndOnlyTheUsesThatWereNotWritten() throws Exception {
        try (CacheMember member = start(AccessMode.EXCLUSIVE).ready()) {
            for (int i = 1; i <= 10; i++) {
                member.ask("put " + i + " 100");
            }
            member.ask("use 3");
            member.ask("use 1");
            member.ask("flush");
            member.ask("use 5");
            member.kill();
        }
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.keys())
                    .containsExactlyElementsOf(Stream.of(2, 4, 5, 6, 7, 8, 9, 10, 3, 1)
                            .map(OpenedCache::key)
                            .toList());
        }
    }

    @Test
    void whatAKilledProcessPutLastIsNewerThanWhatTheJournalKnows() throws Exception {
        try (CacheMember member = start(AccessMode.EXCLUSIVE).ready()) {
            for (int i = 1; i <= 5; i++) {
                member.ask("put " + i + " 100");
            }
            member.ask("flush");
            OpenedCache.await(() -> System.currentTimeMillis() > modified(state.resolve("journal")) + 20);
            member.ask("put 6 100");
            member.kill();
        }
        try (OpenedCache cache = OpenedCache.open(directory)) {
            assertThat(cache.keys())
                    .containsExactlyElementsOf(
                            Stream.of(1, 2, 3, 4, 5, 6).map(OpenedCache::key).toList());
        }
    }

    private static long modified(Path journal) {
        long last = 0;
        for (String name : journal.toFile().list()) {
            last = Math.max(last, journal.resolve(name).toFile().lastModified());
        }
        return last;
    }

    // ---- read-only

    @Test
    void aReadOnlyCacheFollowsItsWriter() throws Exception {
        try (CacheMember writer = start(AccessMode.EXCLUSIVE).ready()) {
            writer.ask("put 1 10");
            try (OpenedCache reader =
                            OpenedCache.open(directory, AccessMode.READ_ONLY).awaitLoaded();
                    CacheMember another = start(AccessMode.READ_ONLY).ready()) {
                assertThat(reader.find(OpenedCache.key(1))).isTrue();
                assertThat(reader.find(OpenedCache.key(2))).isFalse();
                for (int i = 2; i < 40; i++) {
                    writer.ask("put " + i + " 10");
                    assertThat(reader.find(OpenedCache.key(i))).as("key " + i).isTrue();
                }
                assertThat(another.ask("find 20")).isEqualTo("found");
                // Evicts the first ones.
                for (int i = 100; i < 400; i++) {
                    writer.ask("put " + i + " 4096");
                }
                assertThat(reader.find(OpenedCache.key(1))).isFalse();
                assertThat(reader.find(OpenedCache.key(399))).isTrue();
                assertThatThrownBy(() -> reader.directory.temporary()).isInstanceOf(IllegalStateException.class);
                reader.directory.delete(
                        reader.index.peek(OpenedCache.key(399)).orElseThrow().file());
                assertThat(writer.ask("find 399")).isEqualTo("found");
            }
        }
    }

    // ---- shared

    @Test
    void processesThatShareACacheFindWhatTheOthersPut() throws Exception {
        try (CacheMember one = start(AccessMode.SHARED).ready();
                CacheMember two = start(AccessMode.SHARED).ready();
                OpenedCache three =
                        OpenedCache.open(directory, AccessMode.SHARED).awaitLoaded()) {
            assertThatThrownBy(() -> OpenedCache.open(directory, AccessMode.SHARED))
                    .isInstanceOf(CacheInUseException.class);
            assertThat(one.ask("put 1 10")).startsWith("put");
            assertThat(two.ask("put 2 10")).startsWith("put");
            three.put(OpenedCache.key(3), 10);
            for (int i = 1; i <= 3; i++) {
                assertThat(one.ask("find " + i)).isEqualTo("found");
                assertThat(two.ask("find " + i)).isEqualTo("found");
                assertThat(three.find(OpenedCache.key(i))).isTrue();
            }
            assertThat(Stream.of(
                            one.ask("leads"),
                            two.ask("leads"),
                            Boolean.toString(three.directory.room().evicts())))
                    .containsOnlyOnce("true");
            try (CacheMember exclusive = start(AccessMode.EXCLUSIVE)) {
                assertThat(exclusive.join().output()).contains("CacheInUseException");
            }
        }
        try (OpenedCache alone = OpenedCache.open(directory)) {
            assertThat(alone.index.totals().entries()).isEqualTo(3);
        }
    }

    @Test
    void ofContentThatTwoProcessesPutAtTheSameTimeOneFileStays() throws Exception {
        try (CacheMember one = start(AccessMode.SHARED).ready();
                CacheMember two = start(AccessMode.SHARED).ready()) {
            for (int round = 0; round < 20; round += 3) {
                int content = round;
                int first = one.send("put " + content + " 100");
                int second = two.send("put " + content + " 100");
                one.answer(first);
                two.answer(second);
                one.ask("put " + (round + 1) + " 100");
                two.ask("put " + (round + 2) + " 100");
                one.ask("flush");
                two.ask("flush");
                awaitKnown(one, round + 2);
                awaitKnown(two, round + 1);
                Blocking.until(() -> files(content) < 2);
                assertThat(files(content)).as("content %d", content).isEqualTo(1);
            }
        }
    }

    /** Waits until a process has read the log of another one, up to the entry with a number. */
    private static void awaitKnown(CacheMember member, int number) {
        Blocking.until(() -> {
            try {
                return member.ask("known")
                        .contains(OpenedCache.key(number).hash().hex());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private long files(int number) {
        String hash = OpenedCache.key(number).hash().hex();
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(hash))
                    .count();
        } catch (IOException | UncheckedIOException e) {
            return 2; // a file vanished meanwhile
        }
    }

    @Test
    void theLeaderEvictsForAllAndTheSumKeepsTheBound() throws Exception {
        try (CacheMember one = start(AccessMode.SHARED).ready();
                CacheMember two = start(AccessMode.SHARED).ready()) {
            List<Integer> puts = new ArrayList<>();
            long most = 0;
            for (int i = 0; i < 200; i++) {
                puts.add(one.send("put " + i + " 10000"));
                two.send("put " + (1000 + i) + " 20000");
                if (i % 10 == 9) {
                    assertThat(one.answer(puts.get(i))).startsWith("put");
                    assertThat(two.answer(puts.get(i))).startsWith("put");
                    most = Math.max(most, bytes());
                }
            }
            assertThat(most).isBetween(700_000L, 1L << 20);
            assertThat(one.ask("find 199")).isEqualTo("found");
            assertThat(one.ask("find 1199")).isEqualTo("found");
            assertThat(two.ask("find 1199")).isEqualTo("found");
            assertThat(one.ask("find 0")).isEqualTo("absent");
            assertThat(two.ask("find 1000")).isEqualTo("absent");
        }
    }

    @Test
    void whenTheLeaderIsKilledAnotherOneTakesOver() throws Exception {
        try (CacheMember one = start(AccessMode.SHARED).ready()) {
            OpenedCache.await(() -> leads(one));
            try (CacheMember two = start(AccessMode.SHARED).ready()) {
                for (int i = 0; i < 50; i++) {
                    one.ask("put " + i + " 4096");
                    two.ask("put " + (1000 + i) + " 4096");
                }
                one.ask("flush"); // what was not written is taken for new
                one.ask("reserve 300000");
                Path temporary = Path.of(one.ask("temporary"));
                assertThat(two.ask("leads")).isEqualTo("false");
                one.kill();
                long killed = System.nanoTime();
                OpenedCache.await(() -> leads(two));
                assertThat(System.nanoTime() - killed).as("nanoseconds").isLessThan(5_000_000_000L);
                assertThat(temporary).doesNotExist();
                // What the dead process had reserved is free again: everything else fits.
                for (int i = 0; i < 220; i++) {
                    assertThat(two.ask("put " + (2000 + i) + " 4096")).startsWith("put");
                    assertThat(bytes()).isLessThanOrEqualTo(1 << 20);
                }
                assertThat(bytes()).isGreaterThan(900_000);
                assertThat(two.ask("find 0")).isEqualTo("absent");
                assertThat(two.ask("find 1000")).isEqualTo("absent");
                assertThat(two.ask("find 2219")).isEqualTo("found");
            }
        }
    }

    private static boolean leads(CacheMember member) {
        try {
            return member.ask("leads").equals("true");
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns what all files take, finished or not, each rounded up to 4 KiB. */
    private long bytes() throws IOException {
        long bytes = 0;
        for (Path root : List.of(directory, state.resolve("tmp"))) {
            for (String name : OpenedCache.tree(root)) {
                bytes += (root.resolve(name).toFile().length() + 4095) / 4096 * 4096;
            }
        }
        return bytes;
    }
}
