package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.Campaign;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Runs every interleaving of users of one digest: they get it, put it again, evict it, remove it by a reference which
 * may be stale, and find its file in a listing that may be. Each step of a user is one that holds the index's lock, or
 * one outside of it, such as deleting a file: there are no other interleavings of threads.
 */
class OneDigestInterleavingsTest {
    private static final EntryKey KEY = IndexFixture.key(1);
    private static final EntryFile FIRST = IndexFixture.file(KEY, 0);
    private static final EntryFile SECOND = IndexFixture.file(KEY, 1);

    private int runs;

    /** A step of a user. */
    private interface Step {
        void run() throws IOException;
    }

    /** The index, and what should be in it. */
    private static final class World {
        final IndexFixture cache = IndexFixture.manual(100 * BLOCK);
        final Index index = cache.index;

        /** The file that the digest has; null if none. */
        @Nullable EntryFile current;

        /** The leases on the current file. */
        int leases;

        World() throws IOException {
            current = cache.put(KEY, 100).file();
            assertThat(current).isEqualTo(FIRST);
            index.beginLoading();
        }

        private void replaceBy(@Nullable EntryFile file) {
            current = file;
            leases = 0;
        }

        List<Step> getter() {
            List<Entry> acquired = new ArrayList<>();
            return List.of(
                    () -> {
                        index.acquire(KEY).ifPresent(acquired::add);
                        assertThat(acquired.stream().map(Entry::file).toList())
                                .isEqualTo(current == null ? List.of() : List.of(current));
                        leases++;
                    },
                    () -> acquired.forEach(entry -> {
                        assertThat(cache.disk.has(entry.file()))
                                .as("a leased file is there")
                                .isTrue();
                        index.release(entry);
                        if (entry.file().equals(current)) {
                            leases--;
                        }
                    }));
        }

        List<Step> putter() {
            List<Reservation> reservations = new ArrayList<>();
            return List.of(
                    () -> {
                        reservations.add(index.reserve(200));
                        cache.disk.write(SECOND, 200);
                    },
                    () -> {
                        Entry entry = index.commit(reservations.get(0), SECOND, 200);
                        assertThat(entry.file()).isEqualTo(SECOND);
                        replaceBy(SECOND);
                    });
        }

        List<Step> evictor() {
            List<Entry> victims = new ArrayList<>();
            return List.of(
                    () -> {
                        Entry victim = index.entries.evictOldest();
                        assertThat(victim == null ? null : victim.file()).isEqualTo(leases == 0 ? current : null);
                        if (victim != null) {
                            victims.add(victim);
                            replaceBy(null);
                        }
                    },
                    () -> victims.forEach(cache::complete));
        }

        List<Step> remover() {
            List<Entry> references = new ArrayList<>();
            return List.of(
                    () -> index.peek(KEY).ifPresent(references::add),
                    () -> references.forEach(reference -> {
                        boolean valid = reference.file().equals(current);
                        assertThat(index.remove(reference)).isEqualTo(valid);
                        if (valid) {
                            replaceBy(null);
                        }
                    }),
                    this::reap);
        }

        /** Finds the file that was there at the beginning. */
        List<Step> loader() {
            return List.of(() -> {
                assertThat(index.load(FIRST, 100, 5)).isEqualTo(FIRST.equals(current));
                assertThat(index.peek(KEY).map(Entry::file).orElse(null)).isEqualTo(current);
            });
        }

        void reap() {
            for (Entry entry = index.reaper.poll(index.entries);
                    entry != null;
                    entry = index.reaper.poll(index.entries)) {
                cache.complete(entry);
            }
        }

        void verify() {
            IndexTotals totals = index.totals();
            assertThat(totals.entries()).isEqualTo(current == null ? 0 : 1);
            assertThat(totals.storedBytes()).isEqualTo(totals.entries() * BLOCK);
            assertThat(totals.storedBytes() + totals.doomedBytes() + totals.reservedBytes())
                    .as("what is counted covers what is there")
                    .isGreaterThanOrEqualTo(cache.disk.bytes());
        }

        void end() {
            reap();
            index.endLoading();
            assertThat(index.totals().doomedBytes() + index.totals().reservedBytes())
                    .isZero();
            Set<EntryFile> expected = current == null ? Set.of() : Set.of(current);
            assertThat(new HashSet<>(cache.disk.files())).isEqualTo(expected);
            assertThat(index.peek(KEY).map(Entry::file).orElse(null)).isEqualTo(current);
            cache.close();
        }
    }

    @Test
    void everyInterleavingLeavesTheLastGenerationAndNothingElse() throws Exception {
        enumerate(new int[] {2, 2, 2, 2, 1, 0}, new ArrayList<>());

        assertThat(runs).isEqualTo(22_680); // 9! / (2! 2! 2! 2! 1!)
    }

    @Test
    @Campaign(representedBy = OneDigestInterleavingsTest.class)
    void everyInterleavingWithTwoThatGetItDoesSoToo() throws Exception {
        enumerate(new int[] {2, 2, 2, 3, 1, 2}, new ArrayList<>());

        assertThat(runs).isEqualTo(4_989_600); // 12! / (2! 2! 2! 3! 1! 2!)
    }

    private void enumerate(int[] left, List<Integer> schedule) throws IOException {
        boolean complete = true;
        for (int user = 0; user < left.length; user++) {
            if (left[user] > 0) {
                complete = false;
                left[user]--;
                schedule.add(user);
                enumerate(left, schedule);
                schedule.remove(schedule.size() - 1);
                left[user]++;
            }
        }
        if (complete) {
            run(schedule);
        }
    }

    private void run(List<Integer> schedule) throws IOException {
        runs++;
        World world = new World();
        List<List<Step>> users = List.of(
                world.getter(), world.putter(), world.evictor(), world.remover(), world.loader(), world.getter());
        int[] next = new int[users.size()];
        try {
            for (int user : schedule) {
                users.get(user).get(next[user]++).run();
                world.verify();
            }
            world.end();
        } catch (AssertionError e) {
            throw new AssertionError("in the schedule " + schedule + ": " + e.getMessage(), e);
        }
    }
}
