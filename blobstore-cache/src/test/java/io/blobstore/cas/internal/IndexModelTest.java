package io.blobstore.cas.internal;

import static io.blobstore.cas.internal.IndexFixture.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.CacheFullException;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.LeakCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Compares random steps of an index with a simple model, and verifies all sums after each. */
@ExtendWith(LeakCheck.class)
class IndexModelTest {
    private static final int STEPS_PER_RUN = 1000;
    private static final int KEYS = 12;

    private final List<EntryKey> keys = new ArrayList<>();
    private int refusals;
    private int spared;

    {
        for (int i = 0; i < KEYS; i++) {
            keys.add(IndexFixture.key(i));
        }
    }

    /** A lease in the index and in the model. */
    private record Lease(Entry entry, IndexModel.Item item) {}

    /** A reservation in the index and in the model, and what is written to its file. */
    private static final class Put {
        final Reservation reservation;
        final IndexModel.Claim claim;
        final EntryFile file;
        long written;

        Put(Reservation reservation, IndexModel.Claim claim, EntryFile file) {
            this.reservation = reservation;
            this.claim = claim;
            this.file = file;
        }
    }

    @Test
    void randomStepsDoWhatTheModelDoes() throws Exception {
        int runs = CampaignScale.of(1_000_000, 10 * STEPS_PER_RUN) / STEPS_PER_RUN;
        long evictions = 0;
        for (int seed = 0; seed < runs; seed++) {
            Run run = new Run(seed);
            run.steps(STEPS_PER_RUN);
            evictions += run.model.evictions;
        }
        assertThat(evictions).as("evictions").isGreaterThan(runs * 20L);
        assertThat(refusals).as("refusals").isGreaterThan(runs);
        assertThat(spared).as("leased entries passed over").isGreaterThan(runs);
    }

    /** One run, from an empty index to a closed one. */
    private final class Run {
        private final String name;
        private final Random random;
        private final long max;
        private final IndexFixture cache;
        private final IndexModel model;
        private final List<Lease> leases = new ArrayList<>();
        private final List<Put> puts = new ArrayList<>();
        private final List<Lease> stale = new ArrayList<>();

        Run(int seed) {
            name = "seed " + seed;
            random = new Random(seed);
            max = BLOCK * (10 + random.nextInt(300)) + random.nextInt((int) BLOCK);
            cache = IndexFixture.prompt(max);
            model = new IndexModel(max);
        }

        void steps(int count) throws IOException {
            try (cache) {
                for (int i = 0; i < count; i++) {
                    step();
                    cache.settle();
                    verify(i);
                }
                for (Lease lease : leases) {
                    cache.index.release(lease.entry);
                }
                for (Put put : puts) {
                    cache.disk.delete(put.file);
                    put.reservation.close();
                }
                cache.settle();
                IndexTotals totals = cache.index.totals();
                assertThat(totals.reservedBytes() + totals.doomedBytes())
                        .as(name)
                        .isZero();
            }
        }

        private void step() throws IOException {
            EntryKey key = keys.get(random.nextInt(KEYS));
            IndexModel.Item item = model.find(key);
            switch (random.nextInt(17)) {
                case 0, 1, 2, 3 -> get(key, item);
                case 4, 5, 6 -> release();
                case 7 -> {
                    assertThat(cache.index.contains(key)).as(name).isEqualTo(item != null);
                    if (item != null) {
                        model.use(item);
                    }
                }
                case 8, 9 -> reserve(key);
                case 10, 11 -> write();
                case 12, 13 -> commit();
                case 14 -> {
                    if (random.nextInt(3) == 0) {
                        discard();
                    } else {
                        remove(key, item);
                    }
                }
                case 15 -> pin(key);
                default -> {
                    long goal = (long) (random.nextDouble() * 2 * max);
                    cache.index.evictTo(goal);
                    model.evictTo(goal);
                }
            }
        }

        private void get(EntryKey key, IndexModel.Item item) {
            Entry entry = cache.index.acquire(key).orElse(null);
            assertThat(entry != null).as(name).isEqualTo(item != null);
            if (entry != null && item != null) {
                assertThat(entry.file()).as(name).isEqualTo(item.file);
                model.acquire(item);
                leases.add(new Lease(entry, item));
            }
        }

        private void pin(EntryKey key) {
            if (model.isPinned(key)) {
                cache.index.unpin(key);
                model.unpin(key);
            } else if (random.nextInt(3) == 0) {
                cache.index.pin(key);
                model.pin(key);
            }
        }

        private void release() {
            if (leases.isEmpty()) {
                return;
            }
            Lease lease = leases.remove(random.nextInt(leases.size()));
            assertThat(cache.disk.has(lease.entry.file()))
                    .as("%s: a leased file is there", name)
                    .isTrue();
            cache.index.release(lease.entry);
            spared += lease.item.parked ? 1 : 0;
            model.release(lease.item);
            stale.add(lease);
        }

        private void reserve(EntryKey key) throws IOException {
            if (puts.size() > 4) {
                return;
            }
            long declared = (long) (random.nextDouble() * random.nextDouble() * (max / BLOCK * BLOCK));
            IndexModel.Claim claim = model.reserve(declared);
            try {
                Reservation reservation = cache.index.reserve(declared);
                assertThat(claim).as(name).isNotNull();
                puts.add(new Put(reservation, claim, cache.disk.write(cache.newFile(key), 0)));
            } catch (CacheFullException e) {
                assertThat(claim).as(name).isNull();
            }
        }

        /** Lets some more bytes of a put arrive. */
        private void write() throws IOException {
            if (puts.isEmpty()) {
                return;
            }
            Put put = puts.get(random.nextInt(puts.size()));
            long size = Math.min(max / BLOCK * BLOCK, put.written + random.nextInt((int) (max / 4)));
            boolean room = model.grow(put.claim, size);
            try {
                put.reservation.require(size);
                assertThat(room).as(name).isTrue();
                put.written = size;
                cache.disk.write(put.file, size);
            } catch (CacheFullException e) {
                assertThat(room).as(name).isFalse();
                refusals++;
            }
        }

        private void commit() {
            if (puts.isEmpty()) {
                return;
            }
            Put put = puts.remove(random.nextInt(puts.size()));
            cache.index.commit(put.reservation, put.file, put.written);
            model.commit(put.claim, put.file, put.written);
        }

        private void discard() {
            if (puts.isEmpty()) {
                return;
            }
            Put put = puts.remove(random.nextInt(puts.size()));
            cache.disk.delete(put.file);
            put.reservation.close();
            model.close(put.claim);
        }

        private void remove(EntryKey key, IndexModel.Item item) {
            if (item != null && random.nextBoolean()) {
                assertThat(cache.index.remove(cache.index.peek(key).orElseThrow()))
                        .as(name)
                        .isTrue();
                model.remove(item);
            } else if (!stale.isEmpty()) {
                Lease old = stale.remove(random.nextInt(stale.size()));
                boolean current = model.find(old.item.key) == old.item;
                assertThat(cache.index.remove(old.entry))
                        .as("%s: by identity", name)
                        .isEqualTo(current);
                if (current) {
                    model.remove(old.item);
                }
            }
        }

        private void verify(int step) {
            IndexTotals totals = cache.index.totals();
            assertThat(totals)
                    .as("%s, step %d", name, step)
                    .isEqualTo(new IndexTotals(
                            model.order.size(),
                            model.order.size(),
                            model.presentBytes(),
                            model.reservedBytes(),
                            model.doomedBytes(),
                            model.evictions,
                            0,
                            model.pinnedBytes()));
            assertThat(totals.storedBytes() + totals.doomedBytes() + totals.reservedBytes())
                    .as("%s, step %d: the bound", name, step)
                    .isLessThanOrEqualTo(max);
            assertThat(cache.index.snapshot().stream().map(Entry::key).toList())
                    .as("%s, step %d: the order", name, step)
                    .isEqualTo(model.keys());
            Set<EntryFile> expected = new HashSet<>();
            model.order.forEach(item -> expected.add(item.file));
            model.doomed.forEach(item -> expected.add(item.file));
            puts.forEach(put -> expected.add(put.file));
            assertThat(new HashSet<>(cache.disk.files()))
                    .as("%s, step %d: the files", name, step)
                    .isEqualTo(expected);
        }
    }
}
