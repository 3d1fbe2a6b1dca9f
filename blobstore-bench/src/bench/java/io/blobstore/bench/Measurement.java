package io.blobstore.bench;

import java.util.List;

/**
 * What it took to move the content.
 *
 * @param cpuSeconds CPU time of the whole client process, user and system
 * @param heapBytes bytes allocated on its heap, by all threads
 * @param heapIsComplete whether {@code heapBytes} is all; if not, a thread has ended uncounted
 * @param compileSeconds what of the CPU time the JVM's compilers took
 * @param collections of garbage
 * @param latencies of what its rounds consist of; empty where nobody takes them
 */
record Measurement(
        double cpuSeconds,
        double wallSeconds,
        double heapBytes,
        boolean heapIsComplete,
        double compileSeconds,
        double collections,
        Latencies latencies) {
    private static final double NANOS = 1e9;

    /** CPU time of the work itself: all but that of the compilers, who will not come back for it. */
    double steadyCpuSeconds() {
        return cpuSeconds - compileSeconds;
    }

    /** What one of {@code count} took, on average; the latencies are still those of all. */
    Measurement each(int count) {
        return new Measurement(
                cpuSeconds / count,
                wallSeconds / count,
                heapBytes / count,
                heapIsComplete,
                compileSeconds / count,
                collections / count,
                latencies);
    }

    /** Reads what {@link ClientMain} says. */
    static Measurement parse(String line) {
        List<String> words = List.of(line.split(" "));
        return new Measurement(
                Long.parseLong(words.get(1)) / NANOS,
                Long.parseLong(words.get(2)) / NANOS,
                Long.parseLong(words.get(3)),
                Boolean.parseBoolean(words.get(4)),
                Long.parseLong(words.get(5)) / NANOS,
                Long.parseLong(words.get(6)),
                Latencies.parse(words.subList(7, words.size())));
    }
}
