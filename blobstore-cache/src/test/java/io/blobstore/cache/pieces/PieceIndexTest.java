package io.blobstore.cache.pieces;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.Crc32c;
import io.blobstore.contract.CampaignScale;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The index against a model of lists, and its accounts under threads. */
class PieceIndexTest {
    private static final int UNIT = 4096;
    private static final int IDS = 30;

    private static PieceId id(int n) {
        return new PieceId(new VersionId("blob" + n % 3, "version" + n % 5), n / 15);
    }

    /** What the index should do, in the most obvious way. */
    private static final class Model {
        final long max;
        final List<Piece> order = new ArrayList<>();
        final List<Piece> removedButPinned = new ArrayList<>();
        final List<Piece> pinned = new ArrayList<>();
        final List<Piece> outdated = new ArrayList<>();
        long reserved;

        Model(long max) {
            this.max = max;
        }

        long bytes() {
            return reserved
                    + order.stream().mapToLong(Piece::onDisk).sum()
                    + removedButPinned.stream().mapToLong(Piece::onDisk).sum();
        }

        Optional<Piece> find(PieceId id) {
            return order.stream().filter(piece -> piece.id.equals(id)).findFirst();
        }

        /** Returns the pieces that a reservation evicts, in order; empty if there is no room. */
        Optional<List<Piece>> victims(long needed) {
            List<Piece> victims = new ArrayList<>();
            long over = bytes() + needed - max;
            List<Piece> candidates = new ArrayList<>(outdated);
            order.stream().filter(piece -> !outdated.contains(piece)).forEach(candidates::add);
            for (Piece piece : candidates) {
                if (over > 0 && !pinned.contains(piece)) {
                    victims.add(piece);
                    over -= piece.onDisk();
                }
            }
            return over > 0 ? Optional.empty() : Optional.of(victims);
        }

        void used(Piece piece) {
            order.remove(piece);
            order.add(piece);
            if (outdated.remove(piece)) {
                outdated.add(piece);
            }
        }

        void removed(List<Piece> gone) {
            order.removeAll(gone);
            outdated.removeAll(gone);
        }

        void added(Piece piece) {
            order.add(piece);
            boolean first = order.stream()
                    .noneMatch(other -> other != piece && other.id.version().equals(piece.id.version()));
            if (first) {
                for (Piece other : List.copyOf(order)) {
                    if (other.id.version().blob().equals(piece.id.version().blob())
                            && !other.id.version().equals(piece.id.version())
                            && !outdated.contains(other)) {
                        outdated.add(other);
                    }
                }
            }
        }
    }

    @Test
    void randomStepsHaveTheEffectsOfTheModel() {
        SplittableRandom random = new SplittableRandom(1);
        List<Piece> deleted = new ArrayList<>();
        PieceIndex index = new PieceIndex(10L * UNIT, deleted::add);
        Model model = new Model(10L * UNIT);
        long serial = 0;
        for (int step = 0; step < CampaignScale.of(1_000_000); step++) {
            deleted.clear();
            PieceId id = id(random.nextInt(IDS));
            switch (random.nextInt(4)) {
                case 0 -> { // use, and sometimes keep
                    Optional<Piece> found = index.pin(id);
                    assertThat(found).isEqualTo(model.find(id));
                    found.ifPresent(model::used);
                    found.ifPresent(model.pinned::add);
                }
                case 1 -> {
                    if (!model.pinned.isEmpty()) {
                        Piece piece = model.pinned.remove(random.nextInt(model.pinned.size()));
                        index.unpin(piece);
                        boolean last = !model.pinned.contains(piece) && model.removedButPinned.remove(piece);
                        assertThat(deleted).isEqualTo(last ? List.of(piece) : List.of());
                    }
                }
                case 2 -> {
                    if (model.find(id).isPresent()) {
                        continue;
                    }
                    int length = 1 + random.nextInt(3 * UNIT);
                    Optional<List<Piece>> victims = model.victims(Piece.onDisk(length));
                    boolean reserved = index.reserve(Piece.onDisk(length));
                    assertThat(reserved).isEqualTo(victims.isPresent());
                    assertThat(deleted).isEqualTo(victims.orElse(List.of()));
                    victims.ifPresent(model::removed);
                    if (reserved && random.nextInt(5) == 0) {
                        index.release(Piece.onDisk(length));
                    } else if (reserved) {
                        Piece piece = new Piece(id, length, Crc32c.EMPTY, ++serial, true);
                        assertThat(index.commit(piece, Long.MAX_VALUE)).isEmpty();
                        model.added(piece);
                        model.pinned.add(piece);
                    }
                }
                default -> {
                    if (random.nextInt(4) == 0 && model.find(id).isPresent()) {
                        Piece piece = model.find(id).get();
                        assertThat(index.remove(piece)).isTrue();
                        assertThat(index.remove(piece)).isFalse();
                        model.removed(List.of(piece));
                        boolean kept = model.pinned.contains(piece);
                        assertThat(deleted).isEqualTo(kept ? List.of() : List.of(piece));
                        if (kept) {
                            model.removedButPinned.add(piece);
                        }
                    }
                }
            }
            if (index.bytes() != model.bytes() || index.bytes() > model.max || index.count() != model.order.size()) {
                throw new AssertionError("step " + step + ": " + index.bytes() + ", not " + model.bytes());
            }
        }
    }

    @Test
    void theAccountsAreExactUnderThreads() throws Exception {
        AtomicLong onDisk = new AtomicLong();
        PieceIndex index = new PieceIndex(20L * UNIT, piece -> onDisk.addAndGet(-piece.onDisk()));
        AtomicLong serial = new AtomicLong();
        List<FutureTask<Void>> threads = new ArrayList<>();
        for (int n = 0; n < 4; n++) {
            SplittableRandom random = new SplittableRandom(n);
            int own = n;
            threads.add(PieceFixture.start(() -> {
                for (int i = 0; i < CampaignScale.of(500_000); i++) {
                    // Each thread commits other pieces, as flights ensure, and uses those of all.
                    PieceId mine = new PieceId(new VersionId("blob", "version"), own * 100L + random.nextInt(20));
                    PieceId any = new PieceId(new VersionId("blob", "version"), random.nextLong(4) * 100 + 5);
                    Optional<Piece> found = index.pin(any);
                    if (!index.contains(mine) && index.reserve(2 * UNIT)) {
                        Piece piece = new Piece(mine, 2 * UNIT, Crc32c.EMPTY, serial.incrementAndGet(), true);
                        if (onDisk.addAndGet(piece.onDisk()) > 20L * UNIT) {
                            throw new AssertionError("more than the bound is on the disk");
                        }
                        index.commit(piece, Long.MAX_VALUE);
                        if (random.nextInt(10) == 0) {
                            index.remove(piece);
                        }
                        index.unpin(piece);
                    }
                    found.ifPresent(index::unpin);
                }
            }));
        }
        for (FutureTask<Void> thread : threads) {
            thread.get();
        }
        assertThat(index.bytes()).isEqualTo(onDisk.get()).isLessThanOrEqualTo(20L * UNIT);
        index.inOrder().forEach(index::remove);
        assertThat(index.bytes()).isZero();
        assertThat(onDisk.get()).isZero();
    }
}
