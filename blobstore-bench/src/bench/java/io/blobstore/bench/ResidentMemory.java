package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The anonymous memory of this process over time, looked at by a thread of its own. Linux only; 0 elsewhere. */
public final class ResidentMemory {
    /** Names the directory in which the memory over time is kept: a file for each client, of lines {@code seconds,MiB}. */
    public static final String DIRECTORY = "io.blobstore.bench.memory";

    private static final long BETWEEN_LOOKS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final double MIB = 1L << 20;
    private static final double NANOS = 1e9;

    private final AnonymousMemory memory =
            new AnonymousMemory(ProcessHandle.current().pid());
    private final long start = System.nanoTime();
    private final long idle = memory.current();
    private final List<String> lines = new ArrayList<>(); // guarded by this

    private ResidentMemory() {}

    /** Begins to look; goes on until the JVM ends. */
    public static ResidentMemory watch() {
        ResidentMemory watched = new ResidentMemory();
        Thread thread = new Thread(watched::run, "resident-memory");
        thread.setDaemon(true);
        thread.start();
        return watched;
    }

    private void run() {
        while (true) {
            look();
            LockSupport.parkNanos(BETWEEN_LOOKS);
        }
    }

    private synchronized void look() {
        memory.look();
        lines.add(String.format(
                Locale.ROOT, "%.2f,%.1f", (System.nanoTime() - start) / NANOS, (memory.last() - idle) / MIB));
    }

    /** The most bytes so far over what there was in the beginning. */
    public synchronized long growth() {
        return Math.max(0, memory.peak() - idle);
    }

    /** The growth over time: lines of seconds since the beginning and MiB. */
    public synchronized List<String> lines() {
        return List.copyOf(lines);
    }
}
