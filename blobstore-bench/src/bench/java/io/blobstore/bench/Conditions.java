package io.blobstore.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What clients have to put up with, as with object stores: each answer takes its time, each connection gives only so
 * much, and now and then the server has too much to do.
 *
 * @param latency from the request to the first byte
 * @param bytesPerSecond of a connection
 * @param refusedOneIn of so many parts and ranges, one is answered with 503; 0 for none
 */
record Conditions(Duration latency, long bytesPerSecond, int refusedOneIn) {
    /** Next to the client, and as fast as it can. */
    static final Conditions NONE = new Conditions(Duration.ZERO, Long.MAX_VALUE, 0);

    private static final int PIECE = 64 * 1024;
    private static final double NANOS = TimeUnit.SECONDS.toNanos(1);

    /** For a command line. */
    List<String> toArguments() {
        return List.of(latency.toString(), Long.toString(bytesPerSecond), Integer.toString(refusedOneIn));
    }

    /** What {@link #toArguments} gave. */
    static Conditions ofArguments(List<String> arguments) {
        return new Conditions(
                Duration.parse(arguments.get(0)), Long.parseLong(arguments.get(1)), Integer.parseInt(arguments.get(2)));
    }

    /** Whether the Nth part or range, counted from 1, is refused. */
    boolean refuses(long n) {
        return refusedOneIn > 0 && n % refusedOneIn == 0;
    }

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
