package io.blobstore.http;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Distinguishes a slow peer from a dead one: expires when fewer than {@code enough} bytes are transferred within the
 * stall timeout. Bytes of a large write or read count as they are transferred, not when it is complete. Not
 * thread-safe.
 */
final class StallDetector {
    /**
     * For payload: a peer that transfers fewer bytes within a stall timeout counts as dead, as it could hold a
     * connection forever.
     */
    static final int PAYLOAD = 1024;

    /** For responses that a server keeps alive by occasional white space while it works: any byte is enough. */
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

    /** Counts transferred bytes. */
    void moved(long bytes) {
        moved += bytes;
        if (moved >= enough) {
            restart();
        }
    }

    /** Restarts the timeout. */
    void restart() {
        moved = 0;
        since = clock.nanoTime();
    }

    /** Returns the nanoseconds until the timeout expires; 0 or less if it has. */
    long remaining() {
        return since + stallNanos - clock.nanoTime();
    }
}
