package io.blobstore.cas.internal;

import io.blobstore.cas.CacheListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The thread that deletes the files of removed entries, and evicts entries to make room. One file at a time: deleting
 * from several threads is not faster on common file systems, and an entry that is used while others are deleted is
 * spared.
 *
 * <p>A file that cannot be deleted keeps its bytes counted, and is tried again after a pause, which grows while this
 * goes on. Daemon; ends after {@link #close} when all is deleted, or has been tried once more.
 */
final class Reaper implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
    private static final int LONGEST_PAUSE = 60; // times the first one

    /** After so many failures in a row, the disk is to blame: evicting more would only lose entries. */
    private static final int FAILURES_OF_DISK = 8;

    private final Index index;
    private final Unlink unlink;
    private final CacheListener listener;
    private final long firstPauseNanos;
    private final Thread thread;

    // All guarded by the index's lock.
    private final Condition work;
    private final Condition progress;
    private final Deque<Entry> doomed = new ArrayDeque<>();
    private final Deque<Entry> failed = new ArrayDeque<>();
    private boolean idle;
    private boolean closing;
    private boolean lastTry;
    private int failures;
    private long added;
    private long done;
    private long pauseNanos;
    private long retryAt;

    Reaper(Index index, Unlink unlink, CacheListener listener, Duration firstPause) {
        this.index = index;
        this.unlink = unlink;
        this.listener = listener;
        firstPauseNanos = firstPause.toNanos();
        work = index.lock.newCondition();
        progress = index.lock.newCondition();
        thread = new Thread(this, "blobstore-cache-reaper");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Adds an entry whose file is to be deleted. Requires the lock. */
    void add(Entry entry) {
        doomed.add(entry);
        added++;
        wake();
    }

    /** Makes the thread look for work. Requires the lock. */
    void wake() {
        if (idle) {
            idle = false;
            work.signal();
        }
    }

    /** Waits until all that was added before was deleted, or failed to be. Requires the lock, and lets it go. */
    void awaitAdded() throws InterruptedException {
        long goal = added;
        while (done < goal) {
            progress.await();
        }
    }

    /** Makes the thread end when it has deleted all. Requires the lock. */
    void close() {
        closing = true;
        wake();
    }

    /** Waits until the thread has ended. Without the lock. An interrupt is kept, and does not end the wait. */
    void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        for (Entry entry = next(); entry != null; entry = next()) {
            boolean evicted = entry.state == Entry.State.EVICTED; // does not change before it is GONE
            boolean deleted = delete(entry);
            finish(entry, deleted);
            if (deleted && evicted) {
                report(entry);
            }
        }
    }

    private boolean delete(Entry entry) {
        try {
            unlink.unlink(entry);
            return true;
        } catch (Throwable e) { // an Error, too, must not end the only thread that makes room
            LOG.atLevel(failures == 0 ? Level.WARN : Level.DEBUG)
                    .setCause(e)
                    .log(
                            "Could not delete the file of {}; its {} bytes stay counted, and it is tried again",
                            entry.file(),
                            entry.bytes());
            return false;
        }
    }

    private void finish(Entry entry, boolean deleted) {
        index.lock.lock();
        try {
            if (deleted) {
                failures = 0;
                pauseNanos = 0;
            } else {
                failures++;
                pauseNanos = Math.max(firstPauseNanos, Math.min(2 * pauseNanos, LONGEST_PAUSE * firstPauseNanos));
                retryAt = System.nanoTime() + pauseNanos;
                failed.add(entry);
            }
            index.unlinked(entry, deleted);
            done++;
            progress.signalAll();
        } finally {
            index.lock.unlock();
        }
    }

    private void report(Entry entry) {
        try {
            listener.evicted(entry.key.keyspace(), entry.bytes(), index.unused(entry));
        } catch (RuntimeException e) {
            LOG.warn("The listener failed", e);
        }
    }

    /** Waits for the next entry to delete; null at the end. */
    private @Nullable Entry next() {
        index.lock.lock();
        try {
            for (; ; ) {
                Entry entry = doomed.poll();
                if (entry != null) {
                    return entry;
                }
                if (failures >= FAILURES_OF_DISK && !closing) {
                    index.settle();
                } else if (!closing) {
                    entry = index.evict();
                    if (entry != null) {
                        added++;
                        return entry;
                    }
                }
                if (closing && !lastTry) {
                    lastTry = true;
                    retryFailed();
                } else if (closing) {
                    return null;
                } else if (!failed.isEmpty() && System.nanoTime() - retryAt >= 0) {
                    retryFailed();
                } else {
                    await();
                }
            }
        } finally {
            index.lock.unlock();
        }
    }

    private void retryFailed() {
        for (Entry entry = failed.poll(); entry != null; entry = failed.poll()) {
            index.retried(entry);
            add(entry);
        }
    }

    private void await() {
        idle = true;
        try {
            if (failed.isEmpty()) {
                work.await();
            } else {
                work.awaitNanos(retryAt - System.nanoTime());
            }
        } catch (InterruptedException e) {
            LOG.debug("Ignoring an interrupt", e);
        }
        idle = false;
    }
}
