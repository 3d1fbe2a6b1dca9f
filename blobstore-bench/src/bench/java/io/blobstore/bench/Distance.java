package io.blobstore.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How far away a server seems to be, as object stores are: each answer takes its time, and each connection gives only so much.
 *
 * @param latency from the request to the first byte
 * @param bytesPerSecond of a connection
 */
record Distance(Duration latency, long bytesPerSecond) {
    /** Next to the client, and as fast as it can. */
    static final Distance NONE = new Distance(Duration.ZERO, Long.MAX_VALUE);

    private static final int PIECE = 64 * 1024;
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Writes a part of something. */
    @FunctionalInterface
    interface Writer {
        /** Writes the bytes from one offset to another. */
        void write(long from, long to) throws IOException;
    }

    /** Lets the time of the answer pass. */
    void travel() {
        waitUntil(System.nanoTime() + latency.toNanos());
    }

    /** Writes as fast as is allowed. */
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
