package io.blobstore.internal.prefetch;

import static io.blobstore.internal.prefetch.PrefetchMemory.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.blobstore.contract.ChildJvm;
import io.blobstore.internal.buffer.DirectBufferPool;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import io.blobstore.internal.prefetch.PrefetchMemory.Piece;
import io.blobstore.internal.prefetch.PrefetchMemory.Share;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that the memory which readers share is bounded, divided evenly, and never given to two of them. */
@Tag("jdk")
@Timeout(120)
class PrefetchMemoryTest {
    private static int pages(Piece piece) {
        return piece.buffer().capacity() / PAGE;
    }

    /** Takes pieces until no more are left, and returns their sizes in pages. */
    private static List<Integer> takeAll(Share share, int bytes) {
        List<Integer> sizes = new ArrayList<>();
        for (Optional<Piece> piece = share.take(bytes); piece.isPresent(); piece = share.take(bytes)) {
            sizes.add(pages(piece.get()));
        }
        return sizes;
    }

    // ---- sizes and bounds

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1048576, 1",
        "1048577, 2",
        "2097152, 2",
        "2097153, 4",
        "5000000, 8",
        "8388609, 16",
        "16777217, 16",
        "2147483647, 16"
    })
    void aPieceIsTheNextSizeUpToTheLargest(int bytes, int expected) {
        Share share = new PrefetchMemory(64L * PAGE).join();

        Piece piece = share.take(bytes).orElseThrow();

        assertThat(pages(piece)).isEqualTo(expected);
        assertThat(piece.buffer().isDirect()).isTrue();
        assertThat(piece.buffer().isReadOnly()).isFalse();
    }

    @Test
    void aNegativeBoundIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new PrefetchMemory(-1));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, PAGE - 1})
    void lessThanAPageIsNothing(long bytes) {
        PrefetchMemory memory = new PrefetchMemory(bytes);

        assertThat(memory.join().take(1)).isEmpty();
        assertThat(memory.taken()).isZero();
    }

    @Test
    void onePageIsTakenByOneAtATime() {
        PrefetchMemory memory = new PrefetchMemory(PAGE);
        Share one = memory.join();
        Share other = memory.join();

        Piece piece = one.take(8 * PAGE).orElseThrow();

        assertThat(pages(piece)).isEqualTo(1);
        assertThat(one.take(1)).isEmpty();
        assertThat(other.take(1)).isEmpty();
        piece.close();
        assertThat(other.take(1)).isPresent();
        assertThat(one.take(1)).isEmpty();
        assertThat(memory.taken()).isEqualTo(PAGE);
    }

    @Test
    void twentyPagesAreAFullSlabAndASmallerOne() {
        PrefetchMemory memory = new PrefetchMemory(20L * PAGE + 5);

        assertThat(takeAll(memory.join(), 16 * PAGE)).containsExactly(16, 4);
        assertThat(memory.taken()).isEqualTo(20L * PAGE);
    }

    @Test
    void aHugeBoundTakesOnlyRequestedMemory() {
        PrefetchMemory memory = new PrefetchMemory(Long.MAX_VALUE);

        assertThat(memory.join().take(1)).isPresent();
        assertThat(memory.taken()).isEqualTo(PAGE);
    }

    @Test
    void aSmallerPieceIsGivenIfNoLargerOneIsFree() {
        PrefetchMemory memory = new PrefetchMemory(16L * PAGE);
        Share share = memory.join();
        List<Piece> pieces = IntStream.range(0, 16)
                .mapToObj(i -> share.take(1).orElseThrow())
                .toList();
        pieces.get(5).close();
        pieces.get(8).close();
        pieces.get(9).close();

        assertThat(takeAll(share, 4 * PAGE)).containsExactly(2, 1);
    }

    @Test
    void returnedMemoryFitsAgain() {
        PrefetchMemory memory = new PrefetchMemory(32L * PAGE);
        Share share = memory.join();
        List<Piece> pieces = IntStream.range(0, 32)
                .mapToObj(i -> share.take(1).orElseThrow())
                .toList();
        pieces.forEach(Piece::close);

        assertThat(memory.taken()).isZero();
        assertThat(takeAll(share, 16 * PAGE)).containsExactly(16, 16);
    }

    @Test
    void returningTwiceTakesNothingFromOthers() {
        PrefetchMemory memory = new PrefetchMemory(PAGE);
        Share share = memory.join();
        Piece first = share.take(1).orElseThrow();
        first.close();
        Piece second = share.take(1).orElseThrow();

        first.close();

        assertThat(memory.taken()).isEqualTo(PAGE);
        assertThat(share.take(1)).isEmpty();
        second.close();
        assertThat(memory.taken()).isZero();
    }

    // ---- shares

    @Test
    void aNewUserGetsItsShareOfReturnedMemory() {
        PrefetchMemory memory = new PrefetchMemory(16L * PAGE);
        Share one = memory.join();
        List<Piece> pieces =
                IntStream.range(0, 16).mapToObj(i -> one.take(1).orElseThrow()).toList();
        Share other = memory.join();
        assertThat(other.take(1)).isEmpty();

        pieces.subList(0, 12).forEach(Piece::close);

        assertThat(takeAll(one, PAGE)).hasSize(4);
        assertThat(takeAll(other, PAGE)).hasSize(8);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 16, 20, 33, 64})
    void eachUserGetsAPageAndNoneMoreThanItsShare(int users) {
        PrefetchMemory memory = new PrefetchMemory(64L * PAGE);
        List<Share> shares =
                IntStream.range(0, users).mapToObj(i -> memory.join()).toList();
        shares.forEach(share -> share.take(1).orElseThrow());

        for (Share share : shares) {
            int more = takeAll(share, 16 * PAGE).stream().mapToInt(i -> i).sum();
            assertThat(1 + more).isBetween(1, 64 / users);
        }
        assertThat(memory.taken()).isLessThanOrEqualTo(64L * PAGE);
    }

    @Test
    void aUserThatTookNothingHasNoShare() {
        PrefetchMemory memory = new PrefetchMemory(4L * PAGE);
        List<Share> idle = List.of(memory.join(), memory.join(), memory.join());

        assertThat(takeAll(memory.join(), PAGE)).hasSize(4);
        idle.forEach(Share::close);
    }

    @Test
    void aUserThatHasLeftHasNoShare() {
        PrefetchMemory memory = new PrefetchMemory(4L * PAGE);
        Share leaving = memory.join();
        Share staying = memory.join();
        Piece left = leaving.take(1).orElseThrow();
        assertThat(takeAll(staying, PAGE)).hasSize(2);

        leaving.close();
        assertThat(takeAll(staying, PAGE)).isEmpty(); // the other user still holds memory, and so its share
        left.close();

        assertThat(takeAll(staying, PAGE)).hasSize(2);
    }

    @Test
    void aClosedShareTakesNothing() {
        PrefetchMemory memory = new PrefetchMemory(4L * PAGE);
        Share never = memory.join();
        never.close();
        Share used = memory.join();
        Piece piece = used.take(1).orElseThrow();
        used.close();
        used.close();

        assertThat(never.take(1)).isEmpty();
        assertThat(used.take(1)).isEmpty();
        piece.buffer().put(0, (byte) 1); // still in use
        piece.close();
        assertThat(used.take(1)).isEmpty();
        assertThat(takeAll(memory.join(), PAGE)).hasSize(4);
    }

    // ---- random order, several threads

    static LongStream seeds() {
        return LongStream.range(0, 12);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noMemoryIsGivenToTwoUsersNorMoreThanTheBound(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        int maxPages = random.nextInt(50);
        PrefetchMemory memory = new PrefetchMemory((long) maxPages * PAGE + random.nextInt(PAGE));
        int users = 1 + random.nextInt(8);
        ExecutorService threads = Executors.newFixedThreadPool(users);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int user = 0; user < users; user++) {
                byte mark = (byte) (user + 1);
                SplittableRandom own = random.split();
                all.add(threads.submit(() -> useAndCheck(memory, maxPages, own, mark)));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(memory.taken()).isZero();
        try (Share share = memory.join()) {
            assertThat(takeAll(share, 1)).hasSize(maxPages); // nothing was lost
        }
    }

    /** Marks the pages of the pieces that it takes, and checks the marks when it returns the pieces. */
    private static void useAndCheck(PrefetchMemory memory, int maxPages, SplittableRandom random, byte mark) {
        Share share = memory.join();
        List<Piece> held = new ArrayList<>();
        for (int step = 0; step < 3000; step++) {
            assertThat(memory.taken()).isBetween(0L, (long) maxPages * PAGE);
            if (random.nextInt(3) > 0) {
                share.take(1 + random.nextInt(20 * PAGE)).ifPresent(piece -> {
                    mark(piece.buffer(), mark);
                    held.add(piece);
                });
            } else if (!held.isEmpty()) {
                giveBack(held.remove(random.nextInt(held.size())), mark);
            }
            if (random.nextInt(300) == 0) {
                share.close();
                if (random.nextBoolean()) { // pieces in use when the share is closed are returned later
                    held.forEach(piece -> giveBack(piece, mark));
                    held.clear();
                }
                share = memory.join();
            }
        }
        share.close();
        held.forEach(piece -> giveBack(piece, mark));
    }

    private static void mark(ByteBuffer memory, byte mark) {
        for (int at = 0; at < memory.capacity(); at += PAGE / 2) {
            memory.put(at, mark);
        }
    }

    private static void giveBack(Piece piece, byte mark) {
        ByteBuffer memory = piece.buffer();
        for (int at = 0; at < memory.capacity(); at += PAGE / 2) {
            assertThat(memory.get(at)).isEqualTo(mark);
        }
        piece.close();
    }

    // ---- limits of the JVM

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    /** Takes the idle buffers of a size from the shared pool, so that the next one is allocated. */
    private static List<PooledBuffer> takeIdle(int size) {
        List<PooledBuffer> taken = new ArrayList<>();
        long before;
        do {
            before = directMemory();
            taken.add(DirectBufferPool.shared().take(size));
        } while (directMemory() <= before);
        return taken;
    }

    @Test
    void oneUserAfterTheOtherUsesTheSameMemory() {
        long most = mostUsedByOneAfterTheOther();
        while (most <= 0) { // what other tests of this JVM have left has changed meanwhile
            most = mostUsedByOneAfterTheOther();
        }
        // Twice, because a collection between two users may free the memory a moment later.
        assertThat(most).isBetween(1L, 32L * PAGE);
    }

    private static long mostUsedByOneAfterTheOther() {
        List<PooledBuffer> idle = takeIdle(16 * PAGE); // which other tests of this JVM have left
        PrefetchMemory memory = new PrefetchMemory(16L * PAGE);
        long most = 0;
        long before = directMemory();
        for (int user = 0; user < 20; user++) {
            try (Share share = memory.join();
                    Piece piece = share.take(16 * PAGE).orElseThrow()) {
                piece.buffer().put(0, (byte) 1);
                most = Math.max(most, directMemory() - before);
            }
        }
        idle.forEach(PooledBuffer::close);
        return most;
    }

    @TempDir
    private Path directory;

    /** Requests memory that the JVM does not have. */
    static final class Exhausted {
        private Exhausted() {}

        public static void main(String[] args) {
            PrefetchMemory memory = new PrefetchMemory(256L * PAGE);
            Share share = memory.join();
            List<Integer> got = takeAll(share, 16 * PAGE);
            // Each time that the JVM refuses direct memory, it first collects garbage nine times and waits half a
            // second.
            long collections = collections();
            for (int i = 0; i < 100; i++) {
                got.addAll(takeAll(share, 16 * PAGE));
            }
            System.out.println("got " + got + ", then " + (collections() - collections) + " collections");
        }

        private static long collections() {
            return ManagementFactory.getGarbageCollectorMXBeans().stream()
                    .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                    .sum();
        }
    }

    @Test
    void memoryThatTheJvmRefusedIsNotRequestedRepeatedly() throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(Exhausted.class, directory)
                .with("-XX:MaxDirectMemorySize=40m")
                .run(Duration.ofMinutes(2));

        assertThat(exit.output()).isEqualTo("got " + Arrays.asList(16, 16) + ", then 0 collections");
        assertThat(exit.code()).isZero();
    }
}
