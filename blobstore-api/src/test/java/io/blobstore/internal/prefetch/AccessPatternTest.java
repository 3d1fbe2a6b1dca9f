package io.blobstore.internal.prefetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which reads cause prefetching, and how far. */
class AccessPatternTest {
    private static final int K = 1 << 10;
    private static final int M = 1 << 20;
    private static final long CAP = 256L * M;

    /** A read, and whether it starts within prefetched bytes. */
    private record Read(long offset, int length, boolean buffered) {
        static Read plain(long offset, long length) {
            return new Read(offset, (int) length, false);
        }

        static Read buffered(long offset, long length) {
            return new Read(offset, (int) length, true);
        }
    }

    private static List<Read> sequence(long from, long... lengths) {
        List<Read> reads = new ArrayList<>();
        long at = from;
        for (long length : lengths) {
            reads.add(Read.plain(at, length));
            at += length;
        }
        return reads;
    }

    private static List<Read> every(long from, long distance, int length, int times) {
        return LongStream.range(0, times)
                .mapToObj(i -> Read.plain(from + i * distance, length))
                .toList();
    }

    @SafeVarargs
    private static List<Read> then(List<Read>... traces) {
        List<Read> all = new ArrayList<>();
        for (List<Read> trace : traces) {
            all.addAll(trace);
        }
        return all;
    }

    private static List<Long> of(long... numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    static List<Arguments> windows() {
        return List.of(
                arguments("no reads yet", CAP, List.of(), of()),
                arguments(
                        "from the third read on, as many bytes as were read after the first two",
                        CAP,
                        sequence(0, M, M, M, M, M),
                        of(0, 0, M, 2 * M, 3 * M)),
                arguments("at any offset", CAP, sequence(77, M, M, M, M), of(0, 0, M, 2 * M)),
                arguments(
                        "the first time, the size of the last read, not the mean",
                        CAP,
                        sequence(0, 4 * M, 2 * M, 3 * M, 3 * M),
                        of(0, 0, 3 * M, 6 * M)),
                arguments("the mean is an integer", CAP, sequence(0, 10, 11, 11, 10), of(0, 0, 11, 20)),
                arguments("two tiny reads count as two", CAP, sequence(0, 1, 2, 1), of(0, 0, 2)),
                arguments(
                        "the mean is that of the last ten",
                        CAP,
                        sequence(0, 100, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
                        // 34, 25, 20, 17, 15, 13, 12, 10 (108 / 10), and then 1
                        of(0, 0, 1, 2 * 25, 3 * 20, 4 * 17, 5 * 15, 6 * 13, 7 * 12, 8 * 10, 108)),
                arguments(
                        "no more than 128 MiB for small reads",
                        1L << 40,
                        sequence(0, 50 * M, 50 * M, 50 * M, 50 * M, 50 * M, 50 * M),
                        of(0, 0, 50 * M, 100 * M, 128 * M, 128 * M)),
                arguments(
                        "no more than twice the mean for large ones",
                        1L << 40,
                        sequence(0, 100 * M, 100 * M, 100 * M, 100 * M, 100 * M),
                        of(0, 0, 100 * M, 200 * M, 200 * M)),
                arguments(
                        "no more than the cap",
                        3L * M + 1,
                        sequence(0, M, M, M, M, M, M, M),
                        of(0, 0, M, 2 * M, 3 * M, 3 * M + 1, 3 * M + 1)),
                arguments("nothing with a cap of 0", 0L, sequence(0, M, M, M, M), of(0, 0, 0, 0)),
                arguments("reads larger than the cap", 10L * M, sequence(0, 11 * M, 11 * M, 11 * M), of(0, 0, 10 * M)),
                arguments(
                        "large reads of different sizes: one more like the last",
                        1L << 40,
                        sequence(0, 70 * M, 80 * M, 90 * M, 65 * M, 66 * M),
                        of(0, 0, 90 * M, 65 * M, 66 * M)),
                arguments(
                        "small reads of different sizes are as good as equal ones",
                        CAP,
                        sequence(0, 60 * M, 64 * M, 68 * M, 64 * M),
                        of(0, 0, 68 * M, 128 * M)),
                arguments(
                        "pairs of reads, as of another prefetcher, repeatedly",
                        CAP,
                        then(
                                sequence(0, 128 * K, 128 * K),
                                sequence(99 * M, 128 * K, 128 * K),
                                sequence(7 * M, 128 * K, 128 * K),
                                sequence(55 * M, 128 * K, 128 * K)),
                        of(0, 0, 0, 0, 0, 0, 0, 0)),
                arguments(
                        "a jump clears the history",
                        CAP,
                        then(sequence(0, M, M, M, M), sequence(50 * M, K, K, K)),
                        of(0, 0, M, 2 * M, 0, 0, K)),
                arguments(
                        "a jump backwards as well",
                        CAP,
                        then(sequence(9 * M, M, M, M, M), sequence(0, M, M, M)),
                        of(0, 0, M, 2 * M, 0, 0, M)),
                arguments(
                        "the same range again is a jump if it was not prefetched",
                        CAP,
                        then(sequence(0, M), sequence(0, M), sequence(0, M), sequence(0, M)),
                        of(0, 0, 0, 0)),
                arguments(
                        "the same range again does not count if it was prefetched",
                        CAP,
                        then(
                                sequence(0, M, M, M),
                                List.of(
                                        Read.buffered(3 * M, M),
                                        Read.buffered(3 * M, M),
                                        Read.buffered(3 * M, M),
                                        Read.buffered(4 * M, M))),
                        of(0, 0, M, 2 * M, 2 * M, 2 * M, 3 * M)),
                arguments(
                        "back inside the prefetched bytes: new bytes count",
                        CAP,
                        then(sequence(0, M, M, M, M), List.of(Read.buffered(3 * M + M / 2, M))),
                        of(0, 0, M, 2 * M, 2 * M)), // 4.5 MiB are 4 reads
                arguments(
                        "forward inside the prefetched bytes: skipped bytes do not count",
                        CAP,
                        then(sequence(0, M, M, M), List.of(Read.buffered(9 * M, M), Read.plain(10 * M, M))),
                        of(0, 0, M, 2 * M, 3 * M)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("windows")
    void windowAfterEachRead(String name, long cap, List<Read> trace, List<Long> expected) {
        AccessPattern pattern = new AccessPattern(cap);
        assertThat(pattern.window()).isZero();
        List<Long> windows = new ArrayList<>();
        for (Read read : trace) {
            pattern.read(read.offset, read.length, read.buffered);
            windows.add(pattern.window());
            assertThat(pattern.stridesAhead()).isZero();
        }
        assertThat(windows).isEqualTo(expected);
    }

    static List<Arguments> strides() {
        return List.of(
                arguments(
                        "after three equal distances, one more with each",
                        every(0, 10 * M, K, 6),
                        of(0, 0, 0, 1, 2, 3),
                        10L * M),
                arguments("backwards", every(100 * M, -10 * M, K, 5), of(0, 0, 0, 1, 2), -10L * M),
                arguments("in small steps", every(5, 7, 3, 5), of(0, 0, 0, 1, 2), 7L),
                arguments("no more than the cap", every(0, 500 * M, 100 * M, 7), of(0, 0, 0, 1, 2, 2, 2), 500L * M),
                arguments("larger than the cap", every(0, 500L * M, 257 * M, 5), of(0, 0, 0, 0, 0), 500L * M),
                arguments("in sequence is no stride", every(0, K, K, 5), of(0, 0, 0, 0, 0), 0L),
                arguments("nor is the same place", every(K, 0, K, 5), of(0, 0, 0, 0, 0), 0L),
                arguments(
                        "distances that differ",
                        List.of(
                                Read.plain(0, K),
                                Read.plain(10 * K, K),
                                Read.plain(20 * K, K),
                                Read.plain(31 * K, K),
                                Read.plain(41 * K, K),
                                Read.plain(51 * K, K)),
                        of(0, 0, 0, 0, 0, 0),
                        10L * K),
                arguments(
                        "lengths that differ",
                        List.of(
                                Read.plain(0, K),
                                Read.plain(10 * K, K),
                                Read.plain(20 * K, K + 1),
                                Read.plain(30 * K, K),
                                Read.plain(40 * K, K)),
                        of(0, 0, 0, 0, 0),
                        10L * K),
                arguments(
                        "until the distance changes",
                        then(every(0, 10 * K, K, 5), every(45 * K, 10 * K, K, 4)),
                        of(0, 0, 0, 1, 2, 0, 0, 0, 1),
                        10L * K),
                arguments(
                        "near the largest offset",
                        every(Long.MAX_VALUE - 5 * (1L << 60), 1L << 60, Integer.MAX_VALUE, 5),
                        of(0, 0, 0, 0, 0),
                        1L << 60));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("strides")
    void stridesAfterEachRead(String name, List<Read> trace, List<Long> expected, long stride) {
        AccessPattern pattern = new AccessPattern(CAP);
        List<Long> ahead = new ArrayList<>();
        for (Read read : trace) {
            pattern.read(read.offset, read.length, read.buffered);
            ahead.add((long) pattern.stridesAhead());
        }
        assertThat(ahead).isEqualTo(expected);
        assertThat(pattern.stride()).isEqualTo(stride);
    }

    private static final long UNKNOWN = Long.MAX_VALUE;

    static List<Arguments> runs() {
        return List.of(
                arguments(
                        "the third member of an archive is expected to be as long as the first two",
                        then(member(1, 4, 252), member(5, 4, 252), member(9, 4, 100, 152)),
                        of(0, 0, 0, 0, 252 * K, 152 * K, 0),
                        of(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 252 * K, 152 * K, 0)),
                arguments(
                        "the shorter is expected, the longer is possible",
                        then(member(1, 4, 196), member(5, 4, 46), member(9, 10, 50, 100)),
                        of(0, 0, 0, 0, 40 * K, 0, 0),
                        of(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 190 * K, 140 * K, 40 * K)),
                arguments(
                        "only the last two count",
                        then(member(1, 1, 1), member(5, 4, 4), member(2, 4, 4), member(4, 1)),
                        of(0, 0, 0, 0, 0, 0, 7 * K),
                        of(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 4 * K, 0, 7 * K)),
                arguments(
                        "a longer one is not limited any more",
                        then(member(1, 4, 4), member(5, 4, 4), member(9, 4, 4, 4)),
                        of(0, 0, 0, 0, 4 * K, 0, 0),
                        of(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 4 * K, 0, UNKNOWN)),
                arguments(
                        "single reads are no runs",
                        then(member(1, 4, 4), member(2, 8), member(9, 4, 4), member(4, 4)),
                        of(0, 0, 0, 0, 0, 0),
                        of(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)));
    }

    /** Returns sequential reads of some KiB each. */
    private static List<Read> member(int place, long... kib) {
        return sequence(
                place * 100L * M, Arrays.stream(kib).map(each -> each * K).toArray());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("runs")
    void lengthsOfRunsTellThoseOfTheNext(String name, List<Read> trace, List<Long> expected, List<Long> possible) {
        AccessPattern pattern = new AccessPattern(CAP);
        List<Long> more = new ArrayList<>();
        List<Long> most = new ArrayList<>();
        for (Read read : trace) {
            pattern.read(read.offset, read.length, read.buffered);
            more.add(pattern.expected());
            most.add(pattern.atMost());
        }
        assertThat(more).isEqualTo(expected);
        assertThat(most).isEqualTo(possible);
        pattern.reset();
        assertThat(pattern.expected()).isZero();
        assertThat(pattern.atMost()).isEqualTo(UNKNOWN);
    }

    @Test
    void aRunBeginsWithTheFirstReadAfterAJump() {
        AccessPattern pattern = new AccessPattern(CAP);
        for (Read read : then(sequence(0, M, M), sequence(50 * M, M, M, M))) {
            pattern.read(read.offset, read.length, read.buffered);
        }
        assertThat(pattern.runStart()).isEqualTo(50 * M);
        pattern.read(54 * M, M, true); // forward inside the prefetched bytes
        assertThat(pattern.runStart()).isEqualTo(50 * M);
    }

    @Test
    void readsAtRegularDistancesAreNoSequenceEvenIfTheyAreInMemory() {
        AccessPattern pattern = new AccessPattern(CAP);
        for (Read read : every(0, 10 * M, M, 4)) {
            pattern.read(read.offset, read.length, false);
        }
        for (Read read : every(40 * M, 10 * M, M, 10)) {
            pattern.read(read.offset, read.length, true);
            assertThat(pattern.window()).isZero();
        }
        assertThat(pattern.stridesAhead()).isEqualTo(11);
    }

    static LongStream seeds() {
        return LongStream.range(0, 50);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void randomReadsAreNeverPrefetched(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        AccessPattern pattern = new AccessPattern(CAP);
        for (int i = 0; i < 2000; i++) {
            int length = 1 + random.nextInt(8 * M);
            long offset = random.nextLong(1L << 50);
            pattern.read(offset, length, false);
            assertThat(pattern.window()).isZero();
            if (random.nextBoolean()) { // two in a row, of any sizes
                pattern.read(offset + length, 1 + random.nextInt(random.nextBoolean() ? 3 : 8 * M), false);
                assertThat(pattern.window()).isZero();
            }
            assertThat(pattern.stridesAhead()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void neverMoreIsReadAheadThanAllowedNorThanWasReadBefore(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long cap = random.nextLong(CAP);
        AccessPattern pattern = new AccessPattern(cap);
        int largest = 1 + random.nextInt(random.nextBoolean() ? 100 : 4 * M);
        long at = random.nextLong(1L << 40);
        long start = at;
        for (int i = 0; i < 500; i++) {
            int length = 1 + random.nextInt(largest);
            pattern.read(at, length, false);
            at += length;
            assertThat(pattern.window()).isBetween(0L, Math.min(cap, at - start));
        }
    }

    @Test
    void aResetClearsTheHistory() {
        AccessPattern pattern = new AccessPattern(CAP);
        every(0, M, M, 9).forEach(read -> pattern.read(read.offset, read.length, false));
        assertThat(pattern.window()).isEqualTo(7 * M);

        pattern.reset();

        assertThat(pattern.window()).isZero();
        pattern.read(9 * M, M, false);
        pattern.read(10 * M, M, false);
        assertThat(pattern.window()).isZero();
        pattern.read(11 * M, M, false);
        assertThat(pattern.window()).isEqualTo(M);
    }

    @Test
    void afterAResetDistancesAreCountedAnew() {
        AccessPattern pattern = new AccessPattern(CAP);
        every(0, 10 * M, M, 4).forEach(read -> pattern.read(read.offset, read.length, false));
        assertThat(pattern.stridesAhead()).isEqualTo(1);

        pattern.reset();

        assertThat(pattern.stridesAhead()).isZero();
        every(40 * M, 10 * M, M, 3).forEach(read -> pattern.read(read.offset, read.length, false));
        assertThat(pattern.stridesAhead()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, M, CAP, Long.MAX_VALUE})
    void theLargestNumbersDoNotOverflow(long cap) {
        AccessPattern pattern = new AccessPattern(cap);
        long length = Integer.MAX_VALUE;
        long at = Long.MAX_VALUE - 20 * length;
        for (int i = 0; i < 20; i++) {
            pattern.read(at, (int) length, false);
            at += length;
            // Twice the mean, of 2 GiB each, is the maximum.
            assertThat(pattern.window()).isEqualTo(i < 2 ? 0 : Math.min(cap, Math.min(i - 1, 2) * length));
        }
        assertThat(at).isEqualTo(Long.MAX_VALUE);
        pattern.read(Long.MAX_VALUE - 5, 100, true); // beyond any blob, but must not overflow
        assertThat(pattern.window()).isBetween(0L, cap);
        pattern.read(0, 1, false);
        assertThat(pattern.window()).isZero();
        assertThat(pattern.stridesAhead()).isZero();
    }
}
