package io.blobstore.bench;

/**
 * The resources used by a transfer of the content.
 *
 * @param cpuSeconds user and system CPU time of the client's process
 * @param compilerSeconds the part of it used by the JIT compilers
 * @param heapBytes bytes allocated on the heap by all threads
 * @param heapIsComplete whether {@code heapBytes} includes all threads; false if a thread ended uncounted
 */
public record Measurement(
        double cpuSeconds, double wallSeconds, double compilerSeconds, double heapBytes, boolean heapIsComplete) {
    private static final double NANOS = 1e9;

    /** Parses the words printed by a client: times in nanoseconds, in the order of the components. */
    public static Measurement parse(String line) {
        String[] words = line.split(" ");
        return new Measurement(
                Long.parseLong(words[0]) / NANOS,
                Long.parseLong(words[1]) / NANOS,
                Long.parseLong(words[2]) / NANOS,
                Long.parseLong(words[3]),
                Boolean.parseBoolean(words[4]));
    }

    /** Returns the CPU time without that of the JIT compilers. */
    public double steadyCpuSeconds() {
        return cpuSeconds - compilerSeconds;
    }

    /** Returns the average of {@code count} transfers. */
    public Measurement divide(int count) {
        return new Measurement(
                cpuSeconds / count, wallSeconds / count, compilerSeconds / count, heapBytes / count, heapIsComplete);
    }
}
