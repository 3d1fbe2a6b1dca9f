package io.blobstore.bench;

/**
 * What some rounds took.
 *
 * @param cpuSeconds CPU time of the whole client process, user and system
 * @param heapBytes bytes allocated on its heap, by all threads
 * @param heapIsComplete whether {@code heapBytes} is all; if not, a thread has ended uncounted
 * @param compileSeconds what of it the JVM's compilers took, about
 */
record Measurement(
        double cpuSeconds, double wallSeconds, long heapBytes, boolean heapIsComplete, double compileSeconds) {
    private static final double MILLIS = 1e3;
    private static final double NANOS = 1e9;

    /** Reads what {@link ClientMain} says. */
    static Measurement parse(String line) {
        String[] words = line.split(" ");
        return new Measurement(
                Long.parseLong(words[1]) / NANOS,
                Long.parseLong(words[2]) / NANOS,
                Long.parseLong(words[3]),
                Boolean.parseBoolean(words[4]),
                Long.parseLong(words[5]) / MILLIS);
    }
}
