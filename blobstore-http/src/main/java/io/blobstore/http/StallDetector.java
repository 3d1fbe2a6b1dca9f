package io.blobstore.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Tells a slow peer from a dead one: runs out when fewer than {@code enough} bytes moved for the length of the stall
 * timeout. A single large write or read counts as its bytes move, not when it is done. Not thread-safe.
 */
final class StallDetector {
    /**
     * Fewer bytes than this in a stall timeout are as good as none: a peer that drips, to hold a connection for ever.
     */
    static final int PAYLOAD = 1024;

    /** Any byte: for answers that a store is still working on, and keeps alive by a blank now and then. */
    static final int ANY = 1;

    private final TransportClock clock;
    private final long stallNanos;
    private final int enough;
    private long since;
    private long moved;

    StallDetector(TransportClock clock, Duration stall, int enough) {
        this.clock = clock;
        since = clock.nanoTime();
        stallNanos = TimeUnit.NANOSECONDS.convert(stall);
        this.enough = enough;
    }

    /** Counts bytes that moved. */
    void moved(long bytes) {
        moved += bytes;
        if (moved >= enough) {
            restart();
        }
    }

    /** Begins again, as if enough had moved just now. */
    void restart() {
        moved = 0;
        since = clock.nanoTime();
    }

    /** Nanoseconds until this runs out; 0 or less if it has. */
    long remaining() {
        return since + stallNanos - clock.nanoTime();
    }
}
