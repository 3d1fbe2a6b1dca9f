package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static io.blobstore.cas.internal.IndexFixture.file;
import static io.blobstore.cas.internal.IndexFixture.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests what becomes of files that are found while the index is in use already. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class LoadingTest {
    private static void load(IndexFixture cache, int number, long lastUse) {
        EntryFile file = cache.disk.write(file(key(number), 1000 + number), BLOCK);
        assertThat(cache.index.load(file, BLOCK, lastUse)).isTrue();
    }

    private static List<EntryKey> keys(Index index) {
        return index.snapshot().stream().map(Entry::key).toList();
    }

    @Test
    void loadedEntriesAreOrderedByTheirLastUseInWhateverOrderTheyCome() {
        for (Comparator<Integer> order : List.<Comparator<Integer>>of(
                Comparator.naturalOrder(), Comparator.reverseOrder(), Comparator.comparing(i -> i * 7919 % 1000))) {
            try (IndexFixture cache = IndexFixture.prompt(2000 * BLOCK)) {
                IntStream.range(0, 1000).boxed().sorted(order).forEach(i -> load(cache, i, i));
                assertThat(keys(cache.index))
                        .isEqualTo(IntStream.range(0, 1000)
                                .mapToObj(IndexFixture::key)
                                .toList());
            }
        }
    }

    @Test
    void entriesThatAreUsedMeanwhileAreNewerThanAllLoadedOnes() throws Exception {
        Random random = new Random(7);
        for (int round = 0; round < 20; round++) {
            try (IndexFixture cache = IndexFixture.prompt(2000 * BLOCK)) {
                List<Integer> numbers =
                        new ArrayList<>(IntStream.range(0, 100).boxed().toList());
                if (round % 2 == 0) {
                    Collections.shuffle(numbers, random);
                }
                List<Integer> loaded = new ArrayList<>();
                List<Integer> used = new ArrayList<>();
                int added = 1000;
                for (int number : numbers) {
                    load(cache, number, number * 10L);
                    loaded.add(number);
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            int any = loaded.get(random.nextInt(loaded.size()));
                            assertThat(cache.index.contains(key(any))).isTrue();
                            used.remove((Integer) any);
                            used.add(any);
                        }
                        case 1 -> {
                            cache.put(added, BLOCK);
                            used.add(added++);
                        }
                        case 2 -> {
                            int any = loaded.remove(random.nextInt(loaded.size()));
                            cache.index.remove(cache.index.peek(key(any)).orElseThrow());
                            used.remove((Integer) any);
                        }
                        default -> {}
                    }
                }
                loaded.removeAll(used);
                List<EntryKey> expected = new ArrayList<>(
                        loaded.stream().sorted().map(IndexFixture::key).toList());
                expected.addAll(used.stream().map(IndexFixture::key).toList());
                assertThat(keys(cache.index)).as("round %d", round).isEqualTo(expected);
            }
        }
    }

    @Test
    @Timeout(30)
    void loadingInAscendingOrDescendingOrderTakesConstantTimePerEntry() {
        // With a search over all loaded ones, this would take an hour.
        int count = 500_000;
        EntryFile file = file(key(0), 1);
        LruOrder order = new LruOrder();
        for (int i = 0; i < count; i++) {
            order.load(new Entry(file, 1), i);
        }
        for (int i = 0; i < count; i++) {
            order.load(new Entry(file, 1), -i);
        }
        for (int i = 0; i < count; i++) {
            order.load(new Entry(file, 1), -count);
        }
        assertThat(order.snapshot(3 * count)).hasSize(3 * count);
    }

    @Test
    void anOverfullDirectoryIsEvictedDownInTheBackgroundOldestFirst() throws Exception {
        FakeDisk disk = FakeDisk.prompt(1000 * BLOCK);
        try (IndexFixture cache =
                IndexFixture.started(100 * BLOCK, disk, SharedRoom.PRIVATE, Duration.ofMillis(1), Duration.ofDays(1))) {
            for (int i = 0; i < 500; i++) {
                load(cache, i, i);
                if (i == 250) {
                    cache.put(1000, BLOCK); // serves meanwhile
                }
            }
            cache.settle();

            assertThat(disk.bytes()).isEqualTo(98 * BLOCK);
            assertThat(cache.numbers(500))
                    .isEqualTo(IntStream.range(403, 500).boxed().toList());
            assertThat(cache.has(1000)).isTrue();
            assertThat(cache.index.totals().evictions()).isEqualTo(403);
        }
    }

    @Test
    void aKeyThatHasAnEntryKeepsIt() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(100 * BLOCK)) {
            Entry entry = cache.put(1, 1);

            assertThat(cache.index.load(file(key(1), 77), 1, Long.MAX_VALUE))
                    .as("another file")
                    .isFalse();
            assertThat(cache.index.load(entry.file(), 1, 5)).as("its own file").isTrue();
            assertThat(cache.index.peek(key(1))).containsSame(entry);
            assertThat(cache.index.totals().entries()).isEqualTo(1);
            assertThat(cache.log).as("loading is not logged").containsExactly("added 000000000");
        }
    }

    @Test
    void aCommitOfAFileThatWasLoadedAlreadyKeepsItsEntryAndItsFile() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(100 * BLOCK)) {
            Reservation reservation = cache.index.reserve(BLOCK);
            EntryFile file = cache.disk.write(file(key(1), 5), BLOCK);
            cache.index.load(file, BLOCK, 1);
            Entry loaded = cache.index.peek(key(1)).orElseThrow();

            assertThat(cache.index.commit(reservation, file, BLOCK)).isSameAs(loaded);
            cache.settle();
            assertThat(cache.disk.has(file)).isTrue();
            assertThat(cache.index.totals()).isEqualTo(new IndexTotals(1, 1, BLOCK, 0, 0, 0, 0, 0));
            assertThat(cache.log).containsExactly("used 000000005");
        }
    }

    @Test
    void aCommitOfAFileThatWasLoadedAndEvictedAlreadyIsGone() throws Exception {
        try (IndexFixture cache = IndexFixture.held(100 * BLOCK)) {
            for (boolean deleted : new boolean[] {false, true}) {
                cache.index.beginLoading();
                Reservation reservation = cache.index.reserve(BLOCK);
                EntryFile file = cache.disk.write(cache.newFile(key(1)), BLOCK);
                cache.index.load(file, BLOCK, 1);
                cache.index.remove(cache.index.peek(key(1)).orElseThrow());
                if (deleted) {
                    cache.disk.allow(2);
                    cache.settle();
                }
                Entry entry = cache.index.commitAndAcquire(reservation, file, BLOCK);
                cache.index.release(entry);

                assertThat(entry.state).isEqualTo(Entry.State.GONE);
                assertThat(cache.has(1)).isFalse();
                assertThat(cache.index.remove(entry)).isFalse();
                assertThat(cache.index.totals().reservedBytes()).isZero();
            }
            assertThat(cache.index.totals().doomedBytes()).isZero();
        }
    }

    @Test
    void aRemovedFileDoesNotComeBackByAListingThatBeganBefore() throws Exception {
        try (IndexFixture cache = IndexFixture.held(100 * BLOCK)) {
            Entry entry = cache.put(1, 1);
            Entry other = cache.put(2, 1);
            cache.index.remove(entry);
            assertThat(cache.index.load(entry.file(), 1, 1))
                    .as("while it is being deleted")
                    .isFalse();
            cache.index.beginLoading();
            cache.index.remove(other);
            cache.disk.allow(2);
            cache.settle();
            assertThat(cache.index.load(other.file(), 1, 1))
                    .as("after it was deleted")
                    .isFalse();
            cache.index.endLoading();

            cache.disk.write(other.file(), 1);
            assertThat(cache.index.load(other.file(), 1, 1))
                    .as("what is found later is there")
                    .isTrue();
        }
    }

    @Test
    void aFileThatAnotherProcessHasJustPutIsTheNewest() throws Exception {
        try (IndexFixture cache = IndexFixture.prompt(100 * BLOCK)) {
            load(cache, 1, 5);
            cache.put(2, 1);
            load(cache, 3, Index.NOW);
            load(cache, 4, 6);
            load(cache, 5, 4);

            assertThat(keys(cache.index)).containsExactly(key(5), key(1), key(4), key(2), key(3));
            assertThat(cache.log).containsExactly("added 000000000");
        }
    }
}
