package io.blobstore.internal.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class DirectBufferPoolTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    /** Views of idle memory, which keep the garbage collector from freeing it in the middle of a test. */
    private final List<ByteBuffer> reachable = new ArrayList<>();

    /** Takes buffers of one size, and marks each with its number. */
    private List<PooledBuffer> takeMarked(DirectBufferPool pool, int count, int size) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    PooledBuffer taken = pool.take(size);
                    taken.buffer().putInt(0, i + 1);
                    reachable.add(taken.buffer());
                    return taken;
                })
                .toList();
    }

    private static int mark(PooledBuffer buffer) {
        return buffer.buffer().getInt(0);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 4096",
        "1, 4096",
        "4096, 4096",
        "4097, 4160",
        "4160, 4160",
        "4161, 8192",
        "262144, 262144",
        "262145, 266240",
        "266240, 266240",
        "266241, 524288",
        "1052736, 1064960"
    })
    void aBufferHasTheRequestedSizeAndMemoryOfTheNextPowerOfTwoOrALittleMoreThanTheOneBefore(int size, int memory) {
        DirectBufferPool pool = new DirectBufferPool(2 * MIB);
        PooledBuffer first = pool.take(size);
        assertThat(first.buffer().isDirect()).isTrue();
        assertThat(first.buffer().capacity()).isEqualTo(size);
        assertThat(first.buffer().remaining()).isEqualTo(size);
        first.close();

        takeMarked(pool, 1, memory).forEach(PooledBuffer::close);
        assertThat(mark(pool.take(Math.max(size, Integer.BYTES)))).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, (1 << 30) + 1, Integer.MAX_VALUE})
    void aSizeOutOfBoundsIsRefused(int size) {
        assertThatIllegalArgumentException().isThrownBy(() -> new DirectBufferPool(MIB).take(size));
    }

    @Test
    void theBufferReturnedLastIsReusedFirst() {
        DirectBufferPool pool = new DirectBufferPool(MIB);
        takeMarked(pool, 3, 5 * KIB).forEach(PooledBuffer::close);

        assertThat(mark(pool.take(8 * KIB))).isEqualTo(3);
        assertThat(mark(pool.take(6 * KIB))).isEqualTo(2);
    }

    @Test
    void aReusedBufferShowsNothingOfItsLastUsersPositionAndLimit() {
        DirectBufferPool pool = new DirectBufferPool(MIB);
        PooledBuffer first = pool.take(100);
        ByteBuffer kept = first.buffer().position(7).limit(9);
        first.close();

        ByteBuffer second = pool.take(200).buffer();
        kept.clear().position(50);

        assertThat(second.position()).isZero();
        assertThat(second.remaining()).isEqualTo(200);
    }

    @Test
    void idleBuffersAreBoundedInSumOverAllSizes() {
        DirectBufferPool pool = new DirectBufferPool(64 * KIB);
        List<PooledBuffer> small = takeMarked(pool, 3, 16 * KIB);
        List<PooledBuffer> large = takeMarked(pool, 2, 32 * KIB);
        large.get(0).close();
        small.forEach(PooledBuffer::close); // two of them reach the bound
        large.get(1).close();

        assertThat(takeMarks(pool, 3, 16 * KIB)).containsExactly(2, 1, 0);
        assertThat(takeMarks(pool, 2, 32 * KIB)).containsExactly(1, 0);
    }

    /** Takes buffers, and returns their marks, which are 0 in new memory. */
    private static List<Integer> takeMarks(DirectBufferPool pool, int count, int size) {
        return IntStream.range(0, count).mapToObj(i -> mark(pool.take(size))).toList();
    }

    @Test
    void aBufferLargerThanTheBoundIsUsedOnce() {
        DirectBufferPool pool = new DirectBufferPool(MIB);
        takeMarked(pool, 1, MIB + 1).forEach(PooledBuffer::close);

        assertThat(mark(pool.take(MIB + 1))).isZero();
    }

    @Test
    void aBufferReturnedTwiceIsNotGivenToTwo() {
        DirectBufferPool pool = new DirectBufferPool(MIB);
        PooledBuffer first = pool.take(KIB);
        first.close();
        first.close();
        PooledBuffer second = pool.take(KIB);
        second.buffer().putInt(0, 2);
        first.close(); // the memory is the second's now
        PooledBuffer third = pool.take(KIB);
        third.buffer().putInt(0, 3);

        assertThat(mark(second)).isEqualTo(2);
        assertThatIllegalStateException().isThrownBy(first::buffer);
    }

    @Test
    void idleBuffersAreFreedByTheGarbageCollector() {
        DirectBufferPool pool = new DirectBufferPool(64L * MIB);
        do { // a collection may leave some; bounded by the timeout of the test
            takeMarked(pool, 64, MIB).forEach(PooledBuffer::close);
            reachable.clear();
            System.gc();
        } while (takeMarks(pool, 64, MIB).stream().anyMatch(mark -> mark != 0));

        takeMarked(pool, 64, MIB).forEach(PooledBuffer::close); // freed buffers do not count against the bound
        assertThat(takeMarks(pool, 1, MIB)).doesNotContain(0);
    }

    @Test
    void noThreadGetsABufferThatAnotherUses() throws Exception {
        DirectBufferPool pool = new DirectBufferPool(256 * KIB);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> users = new ArrayList<>();
            for (int user = 1; user <= 4; user++) {
                int own = user;
                users.add(threads.submit(() -> useAndCheck(pool, own)));
            }
            for (Future<?> user : users) {
                user.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void useAndCheck(DirectBufferPool pool, int own) {
        SplittableRandom random = new SplittableRandom(own);
        List<PooledBuffer> held = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            if (held.size() < 8 && random.nextBoolean()) {
                PooledBuffer taken = pool.take(4 + random.nextInt(64 * KIB));
                taken.buffer().putInt(0, own);
                held.add(taken);
            } else if (!held.isEmpty()) {
                PooledBuffer returned = held.remove(random.nextInt(held.size()));
                assertThat(mark(returned)).isEqualTo(own);
                returned.close();
                returned.close();
            }
        }
        held.forEach(PooledBuffer::close);
    }
}
