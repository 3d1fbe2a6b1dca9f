package io.blobstore.bench;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How often something took how long: a count for each range of times, no range wider than a 128th of its beginning.
 * Adding allocates nothing, as it happens where allocation is measured. Not thread-safe.
 */
final class Latencies {
    /** Ranges between a power of two and the next. */
    private static final int STEPS = 128;

    private static final int STEP_BITS = 7;

    private final long[] counts = new long[(Long.SIZE - STEP_BITS) * STEPS];

    /** Adds one. */
    void add(long nanos) {
        counts[range(nanos)]++;
    }

    private static int range(long nanos) {
        int dropped = Math.max(0, Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos));
        return dropped * STEPS + (int) (nanos >> dropped);
    }

    private static long beginning(int range) {
        int dropped = Math.max(0, range / STEPS - 1);
        return (long) (range - dropped * STEPS) << dropped;
    }

    /** Adds all of another. */
    void addAll(Latencies other) {
        for (int range = 0; range < counts.length; range++) {
            counts[range] += other.counts[range];
        }
    }

    /** From the nanoseconds that a range begins with to how many there are. */
    SortedMap<Long, Long> counts() {
        SortedMap<Long, Long> found = new TreeMap<>();
        for (int range = 0; range < counts.length; range++) {
            if (counts[range] > 0) {
                found.put(beginning(range), counts[range]);
            }
        }
        return found;
    }

    /** Forgets all. */
    void clear() {
        Arrays.fill(counts, 0);
    }

    /** What {@link #toString} gave, word by word. */
    static Latencies parse(List<String> words) {
        Latencies parsed = new Latencies();
        for (String word : words) {
            String[] parts = word.split(":");
            parsed.counts[range(Long.parseLong(parts[0]))] += Long.parseLong(parts[1]);
        }
        return parsed;
    }

    /** Words of {@code nanos:count}. */
    @Override
    public String toString() {
        return counts().entrySet().stream()
                .map(entry -> entry.getKey() + ":" + entry.getValue())
                .collect(Collectors.joining(" "));
    }
}
