package io.blobstore.cas.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets the times of access of entries, so that bazel-remote finds them in the order of their last use: it has no
 * journal, and file systems update that time once a day at most, or never.
 */
final class AccessTimes {
    private static final Logger LOG = LoggerFactory.getLogger(AccessTimes.class);
    private static final int CLOCK_EVERY = 64;

    private AccessTimes() {}

    /**
     * Sets the times of those entries that were used since a tick: the last one's to now, and each other's a
     * microsecond before its successor's. Begins with the last one, and stops when a time limit is over; then the
     * others keep an older time.
     *
     * @param state what the journal says
     * @return the number of entries whose time was set
     */
    static int set(Layout layout, JournalState state, long sinceTick, Duration limit) {
        long start = System.nanoTime();
        Instant time = Instant.now();
        int[] order = state.inOrder();
        int set = 0;
        for (int i = order.length - 1; i >= 0 && state.tick(order[i]) > sinceTick; i--) {
            if (set % CLOCK_EVERY == 0 && System.nanoTime() - start >= limit.toNanos()) {
                LOG.debug("{}: set {} times of access, and stopped", layout.directory(), set);
                break;
            }
            long[] words = state.words(order[i]);
            int at = state.at(order[i]);
            if ((JournalRecord.suffixCode(words, at) & JournalRecord.OTHER_SUFFIX) == 0) {
                set(layout, JournalRecord.file(words, at), time.minus(set, ChronoUnit.MICROS));
                set++;
            }
        }
        return set;
    }

    private static void set(Layout layout, EntryFile file, Instant time) {
        try {
            Files.getFileAttributeView(layout.path(file), BasicFileAttributeView.class)
                    .setTimes(null, FileTime.from(time), null);
        } catch (IOException e) {
            LOG.debug("The time of access of {} was not set", file, e); // deleted, or not owned by this user
        }
    }
}
