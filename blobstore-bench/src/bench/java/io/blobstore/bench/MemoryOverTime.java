package io.blobstore.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** How the anonymous memory of a process grows while it works; what it waits between, does not count as time. */
final class MemoryOverTime {
    private static final long BETWEEN_POINTS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final double MIB = 1L << 20;
    private static final double NANOS = 1e9;

    private final AnonymousMemory memory;
    private final long idle;
    private final List<String> lines = new ArrayList<>();
    private long worked;
    private long lastLook;
    private long nextPoint;

    /** Begins with what it has now. */
    MemoryOverTime(AnonymousMemory memory) {
        this.memory = memory;
        this.idle = memory.current();
    }

    /** It works again from now on. */
    void goOn() {
        lastLook = System.nanoTime();
    }

    /** Looks, while it works. */
    void look() {
        memory.look();
        long now = System.nanoTime();
        worked += now - lastLook;
        lastLook = now;
        if (worked >= nextPoint) {
            lines.add(String.format(Locale.ROOT, "%.2f,%.1f", worked / NANOS, (memory.last() - idle) / MIB));
            nextPoint = worked + BETWEEN_POINTS;
        }
    }

    /** The most bytes so far over what there was in the beginning. */
    long growth() {
        return Math.max(0, memory.peak() - idle);
    }

    /** The growth over time: lines of seconds of work and MiB. */
    List<String> lines() {
        return List.copyOf(lines);
    }
}
