package io.blobstore.cas.internal;

import io.blobstore.cas.CacheListener;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The thread that deletes the files of removed entries, and evicts entries to make room. One file at a time: several
 * threads do not delete faster on common file systems, and an entry that is used while others are deleted is spared.
 *
 * <p>A file that cannot be deleted keeps its bytes counted, and is tried again after a pause, which doubles as long as
 * nothing else can be deleted either. Daemon; ends after {@link #close} when all is deleted, or has been tried.
 */
final class Reaper {
    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
    private static final int LONGEST_PAUSE = 60; // times the first one

    /** After so many failures in a row, the disk is to blame: evicting more would only lose entries. */
    private static final int FAILURES_OF_DISK = 8;

    private final ReentrantLock lock;
    private final Budget budget;
    private final Unlink unlink;
    private final CacheListener listener;
    private final AgeClock clock;
    private final long firstPauseNanos;
    private final Condition work;
    private final Condition progress;
    private @Nullable Thread thread;

    /** Used by the thread only. */
    private boolean listenerFailed;

    // All guarded by the index's lock.
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

    /** For how long the thread sleeps while it is idle. */
    private long sleepNanos;

    Reaper(
            ReentrantLock lock,
            Budget budget,
            Unlink unlink,
            CacheListener listener,
            AgeClock clock,
            Duration firstPause) {
        this.lock = lock;
        this.budget = budget;
        this.unlink = unlink;
        this.listener = listener;
        this.clock = clock;
        firstPauseNanos = firstPause.toNanos();
        work = lock.newCondition();
        progress = lock.newCondition();
    }

    void start(EntryStates entries) {
        thread = new Thread(() -> run(entries), "blobstore-cache-reaper");
        thread.setDaemon(true);
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

    /** Makes the thread look for work if there is less room than there should be. Requires the lock. */
    void wakeIfShort() {
        if (idle && (budget.hasWaiters() || budget.excess() > 0 || budget.pollNanos() < sleepNanos)) {
            wake();
        }
    }

    /** Waits until all that was added before is deleted, or failed to be. Without the lock. */
    void awaitAdded() throws InterruptedIOException {
        lock.lock();
        try {
            long goal = added;
            while (done < goal) {
                progress.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for files to be deleted");
        } finally {
            lock.unlock();
        }
    }

    /** Waits until there is nothing to do, except for what failed. For tests. Without the lock. */
    void awaitIdle() {
        lock.lock();
        try {
            while (!idle) {
                progress.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes the thread end when it has deleted all. Requires the lock. */
    void close() {
        closing = true;
        wake();
    }

    /** Waits until the thread has ended. Without the lock. An interrupt is kept, and does not end the wait. */
    void join() {
        Thread started = thread;
        boolean interrupted = false;
        while (started != null && started.isAlive()) {
            try {
                started.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(EntryStates entries) {
        for (Entry entry = take(entries); entry != null; entry = take(entries)) {
            complete(entries, entry);
        }
    }

    /** Deletes the file of an entry that {@link #poll} returned. Without the lock. */
    void complete(EntryStates entries, Entry entry) {
        boolean evicted = entry.state == Entry.State.EVICTED; // stays so until it is GONE
        boolean deleted = delete(entry);
        finish(entries, entry, deleted);
        if (deleted && evicted) {
            report(entry);
        }
    }

    private boolean delete(Entry entry) {
        try {
            unlink.unlink(entry);
            return true;
        } catch (Throwable e) { // an Error, too, must not end the only thread that makes room
            LOG.atLevel(failures == 0 ? Level.WARN : Level.DEBUG) // written by this thread only
                    .setCause(e)
                    .log(
                            "Could not delete the file of {}; its {} bytes stay counted, and it is tried again",
                            entry.file(),
                            entry.bytes());
            return false;
        }
    }

    private void finish(EntryStates entries, Entry entry, boolean deleted) {
        lock.lock();
        try {
            if (deleted) {
                failures = 0;
                pauseNanos = 0;
                entries.deleted(entry);
                budget.serve();
            } else {
                failures++;
                pauseNanos = Math.max(firstPauseNanos, Math.min(2 * pauseNanos, LONGEST_PAUSE * firstPauseNanos));
                retryAt = System.nanoTime() + pauseNanos;
                failed.add(entry);
                entries.notDeleted(entry);
            }
            done++;
            progress.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void report(Entry entry) {
        try {
            listener.evicted(entry.key.keyspace(), entry.bytes(), clock.since(entry.lastUseTime));
        } catch (RuntimeException e) {
            LOG.atLevel(listenerFailed ? Level.DEBUG : Level.WARN).setCause(e).log("The listener of the cache failed");
            listenerFailed = true;
        }
    }

    /** Waits for the next entry to delete; null at the end. */
    private @Nullable Entry take(EntryStates entries) {
        lock.lock();
        try {
            Entry entry = poll(entries);
            while (entry == null && !closing) {
                await();
                entry = poll(entries);
            }
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the next entry to delete; null if there is none now. */
    @Nullable Entry poll(EntryStates entries) {
        lock.lock();
        try {
            retryFailed(entries);
            Entry entry = doomed.poll();
            return entry == null && !closing ? evict(entries) : entry;
        } finally {
            lock.unlock();
        }
    }

    /** Evicts one entry if there is too little room; if there is none, decides about those that wait. */
    private @Nullable Entry evict(EntryStates entries) {
        Entry victim = null;
        if (failures < FAILURES_OF_DISK && budget.excess() > 0) {
            victim = entries.evictOldest();
        }
        if (victim != null) {
            added++;
        } else {
            budget.settle();
        }
        return victim;
    }

    /** Adds what failed again, once it is time for that, and once more at the end. */
    private void retryFailed(EntryStates entries) {
        if (failed.isEmpty() || (closing ? lastTry : System.nanoTime() - retryAt < 0)) {
            return;
        }
        lastTry = closing;
        for (Entry entry = failed.poll(); entry != null; entry = failed.poll()) {
            entries.retried(entry);
            add(entry);
        }
    }

    /** Waits until {@link #wake} is called, or it is time to try something again. */
    private void await() {
        idle = true;
        progress.signalAll();
        long retry = failed.isEmpty() ? Long.MAX_VALUE : retryAt - System.nanoTime();
        sleepNanos = Math.min(retry, budget.pollNanos());
        long left = sleepNanos;
        while (idle && left > 0) {
            try {
                left = work.awaitNanos(left);
            } catch (InterruptedException e) {
                LOG.debug("Ignoring an interrupt: only close() ends this thread", e);
            }
        }
        idle = false;
    }
}
