package io.blobstore.bench;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The simulated network of a server.
 *
 * @param latencyMillis from the request to the first byte of the response
 * @param bytesPerSecond the bandwidth of a connection
 */
record Conditions(long latencyMillis, long bytesPerSecond) {
    /** No latency and no bandwidth limit. */
    static final Conditions NONE = new Conditions(0, Long.MAX_VALUE);

    private static final int PIECE = 64 * 1024;
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    List<String> toArguments() {
        return List.of(Long.toString(latencyMillis), Long.toString(bytesPerSecond));
    }

    /** Parses the result of {@link #toArguments}. */
    static Conditions ofArguments(List<String> arguments) {
        return new Conditions(Long.parseLong(arguments.get(0)), Long.parseLong(arguments.get(1)));
    }

    /** Writes the bytes from one offset to another. */
    @FunctionalInterface
    interface Writer {
        void write(long from, long to) throws IOException;
    }

    @Override
    public String toString() {
        return latencyMillis == 0 && bytesPerSecond == Long.MAX_VALUE
                ? "no latency"
                : latencyMillis + " ms to the first byte"
                        + (bytesPerSecond == Long.MAX_VALUE
                                ? ""
                                : ", " + (bytesPerSecond >> 20) + " MiB/s for each connection");
    }

    /** Waits for the latency of a response. */
    void awaitLatency() {
        waitUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(latencyMillis));
    }

    /** Writes content within the bandwidth. */
    void write(Writer writer, long from, long to) throws IOException {
        if (bytesPerSecond == Long.MAX_VALUE) {
            writer.write(from, to);
            return;
        }
        long start = System.nanoTime();
        for (long at = from; at < to; at += PIECE) {
            waitUntil(start + (long) ((at - from) * NANOS / bytesPerSecond));
            writer.write(at, Math.min(to, at + PIECE));
        }
    }

    private static void waitUntil(long nanoTime) {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
