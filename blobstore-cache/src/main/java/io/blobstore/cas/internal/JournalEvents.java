package io.blobstore.cas.internal;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of an index that a {@link Journal} has not written yet, and their ticks. However often an entry was used
 * since the events were taken, that is one event. The buffer is bounded: if nobody takes them, uses are dropped first.
 *
 * <p>Thread-safe. Its lock is held for a few instructions, and never during I/O.
 */
final class JournalEvents {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

    private static final int EVENTS_PER_WRITE = 4096;
    private static final int MAX_USES = 1 << 18;
    private static final int MAX_EVENTS = 1 << 20;

    /** A clock's milliseconds are shifted by this, to leave room for the events of one. */
    private static final int TICKS_PER_MILLI = 20;

    private final boolean shared;
    /** What is added to the ticks of the index; written under the lock. */
    private volatile long firstTick;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private EventBuffer events = new EventBuffer();
    private int epoch = 1;
    private long last;
    private long dropped;
    private boolean closing;

    /**
     * Creates an empty buffer.
     *
     * @param firstTick what is added to the ticks of an index
     * @param shared whether ticks follow a clock, so that those of several processes can be compared
     */
    JournalEvents(long firstTick, boolean shared) {
        this.firstTick = firstTick;
        this.last = firstTick;
        this.shared = shared;
    }

    /** Adds the use of an entry, unless one is there already. */
    void addUse(Entry entry) {
        lock.lock();
        try {
            last = firstTick + entry.tick();
            if (entry.journalEpoch != epoch) {
                entry.journalEpoch = epoch;
                add(entry, JournalRecord.USED, last, MAX_USES);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Adds another event than a use. */
    void add(Entry entry, int operation) {
        lock.lock();
        try {
            last = Math.max(last, firstTick + entry.tick());
            add(entry, operation, last, MAX_EVENTS);
        } finally {
            lock.unlock();
        }
    }

    private void add(Entry entry, int operation, long now, int limit) {
        if (events.size() >= limit) {
            dropped++;
            return;
        }
        events.add(entry, operation, now);
        if (events.size() == EVENTS_PER_WRITE) {
            changed.signal();
        }
    }

    /** Returns the tick of the last event. */
    long lastTick() {
        lock.lock();
        try {
            return last;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the tick of the last use of an entry. */
    long lastUse(Entry entry) {
        return firstTick + entry.tick();
    }

    /** Takes all events out. */
    EventBuffer take() {
        EventBuffer taken;
        long lost;
        lock.lock();
        try {
            taken = events;
            events = new EventBuffer();
            epoch++;
            lost = dropped;
            dropped = 0;
            if (shared) {
                long now = System.currentTimeMillis() << TICKS_PER_MILLI;
                firstTick = Math.max(firstTick, now - (last - firstTick));
            }
        } finally {
            lock.unlock();
        }
        if (lost > 0) {
            LOG.debug("{} events were not recorded, as the disk did not keep up", lost);
        }
        return taken;
    }

    /**
     * Waits until there are enough events to write, or until a time.
     *
     * @param at the time, of {@link System#nanoTime}
     * @return false after {@link #close}
     */
    boolean await(long at) {
        return await(at, EVENTS_PER_WRITE);
    }

    /** Waits for a time, however many events there are, but not after {@link #close}. */
    void pause(Duration time) {
        await(System.nanoTime() + time.toNanos(), Integer.MAX_VALUE);
    }

    private boolean await(long at, int enough) {
        lock.lock();
        try {
            for (long nanos = at - System.nanoTime();
                    !closing && events.size() < enough && nanos > 0;
                    nanos = at - System.nanoTime()) {
                changed.awaitNanos(nanos);
            }
            return !closing;
        } catch (InterruptedException e) {
            LOG.debug("The journal's thread does not end by an interrupt", e);
            return !closing;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the waiting. */
    void close() {
        lock.lock();
        try {
            closing = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }
}
