package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.cas.ContentWriter;
import io.blobstore.transfer.Transfer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One download of a version into the cache, and the reads that wait for it.
 *
 * <pre>
 * STARTING ──► RUNNING ──► ENDING ──► ENDED(outcome)
 *     └───────────┴── no waiter left, or no progress ──► ABANDONED ──► ENDED
 * </pre>
 *
 * <p>While it is RUNNING, waiters read ({@link FillReads}) what was written so far, except for the last
 * {@value #HELD_BACK} bytes: those are delivered after the whole content was verified. Only one thread writes, and none
 * reads while the writer is committed or closed (ENDING). After a success the writer stays open until the last waiter
 * has left, so that an eviction does not affect them. Thread-safe.
 */
final class Fill {
    private static final Logger LOG = LoggerFactory.getLogger(Fill.class);
    /** As many bytes as a frame of the cache has: the writer does not show the last frame earlier either. */
    static final int HELD_BACK = 1 << 20;
    /** How often what was compressed is written while the download waits for the store. */
    private static final long FLUSH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private enum Phase {
        STARTING,
        RUNNING,
        ENDING,
        ABANDONED,
        ENDED
    }

    private final BlobMetadata blob;
    private final boolean toEnd;
    private final long stallNanos;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private Phase phase = Phase.STARTING;
    private FillOutcome outcome = FillOutcome.LOST;
    private @Nullable Throwable problem;
    private boolean problemIsKnown;
    private @Nullable ContentWriter writer;
    private @Nullable Transfer<ReadResult> transfer;
    private boolean committed;
    private int waiters = 1; // the reader that created it
    /** The number of threads inside {@link ContentWriter#read}. */
    private int inside;

    private long lastProgress = System.nanoTime();
    /** Who waits without a thread. Has its own lock. */
    private final AwaitedOffsets awaited = new AwaitedOffsets();

    private final CompletableFuture<FillOutcome> end = new CompletableFuture<>();

    /**
     * Creates a fill that its creator has joined, and starts.
     *
     * @param toEnd whether it goes on when no waiter is left
     * @param stallTimeout after how long without progress waiters abandon it
     */
    Fill(BlobMetadata blob, boolean toEnd, Duration stallTimeout) {
        this.blob = blob;
        this.toEnd = toEnd;
        this.stallNanos = TimeUnit.NANOSECONDS.convert(stallTimeout);
    }

    BlobMetadata blob() {
        return blob;
    }

    /** Returns why the fill failed, or null. */
    @Nullable Throwable problem() {
        lock.lock();
        try {
            return problem;
        } finally {
            lock.unlock();
        }
    }

    // ---- the producer's side

    /** Begins to show what is written. */
    void started(ContentWriter content) {
        lock.lock();
        try {
            writer = content;
            lastProgress = System.nanoTime();
            if (phase == Phase.STARTING) {
                phase = Phase.RUNNING;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Sets the transfer, which is cancelled at once if the fill was abandoned meanwhile. */
    void transferring(Transfer<ReadResult> download) {
        boolean abandoned;
        lock.lock();
        try {
            transfer = download;
            abandoned = phase == Phase.ABANDONED;
        } finally {
            lock.unlock();
        }
        if (abandoned) {
            download.cancel();
        }
    }

    /** Tells the waiters that content was written. */
    void progressed() {
        lock.lock();
        try {
            lastProgress = System.nanoTime();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        completeReady();
    }

    /** Notes the cause of a failure, before the transfer fails with an exception that does not tell. */
    void blame(FillOutcome kind, Throwable cause) {
        lock.lock();
        try {
            if (!problemIsKnown) {
                problemIsKnown = true;
                outcome = kind;
                problem = cause;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Keeps waiters from the writer, and waits for those that are reading. To be called before it is committed. */
    void quiesce() {
        lock.lock();
        try {
            if (phase == Phase.RUNNING) {
                phase = Phase.ENDING;
            }
            while (inside > 0) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Notes that all content is in the cache. */
    void setCommitted() {
        lock.lock();
        try {
            committed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the fill: nothing writes any more. The room of what failed is free before a waiter is told. */
    void ended(@Nullable Throwable failure) {
        quiesce();
        ContentWriter unused;
        FillOutcome how;
        lock.lock();
        try {
            unused = committed ? null : takeWriter();
        } finally {
            lock.unlock();
        }
        close(unused);
        lock.lock();
        try {
            boolean abandoned = phase == Phase.ABANDONED;
            phase = Phase.ENDED;
            if (committed && !abandoned) {
                outcome = FillOutcome.COMPLETE;
            } else if (!problemIsKnown && !abandoned) {
                outcome = FillOutcome.of(failure);
                problem = failure;
            }
            how = committed ? FillOutcome.COMPLETE : outcome;
            unused = waiters > 0 ? null : takeWriter();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        close(unused);
        completeReady();
        end.complete(how);
    }

    /** Notes that no download was begun, so that nobody waits for its end. */
    void neverBegan() {
        end.complete(FillOutcome.LOST);
    }

    /** Returns the end of the fill, when nothing uses the cache or the store any more. */
    CompletableFuture<FillOutcome> end() {
        return end.copy();
    }

    private @Nullable ContentWriter takeWriter() {
        ContentWriter taken = writer;
        writer = null;
        return taken;
    }

    private void close(@Nullable ContentWriter unused) {
        if (unused != null) {
            try {
                unused.close();
            } catch (IOException e) {
                LOG.warn("The unfinished content of '{}' could not be removed from the cache", blob.key(), e);
            }
        }
    }

    // ---- the waiters' side

    /** Joins the fill; false if it is too late. Who joins must leave. */
    boolean join() {
        lock.lock();
        try {
            boolean open = phase != Phase.ABANDONED && phase != Phase.ENDED;
            if (open) {
                waiters++;
            }
            return open;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Leaves the fill.
     *
     * @param cancelled whether the waiter gave up: if it was the last one, the download is cancelled
     */
    void leave(boolean cancelled) {
        boolean abandon;
        ContentWriter unused = null;
        lock.lock();
        try {
            waiters--;
            abandon = waiters == 0 && cancelled && !toEnd && phase != Phase.ENDED;
            if (waiters == 0 && phase == Phase.ENDED) {
                unused = takeWriter();
            }
        } finally {
            lock.unlock();
        }
        close(unused);
        if (abandon) {
            abandon();
        }
    }

    /** Lets the waiters go on without this fill, and cancels the download. Returns whether this call did it. */
    boolean abandon() {
        Transfer<ReadResult> cancelled;
        lock.lock();
        try {
            if (phase == Phase.ENDED || phase == Phase.ABANDONED) {
                return false;
            }
            phase = Phase.ABANDONED;
            cancelled = transfer;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (cancelled != null) {
            cancelled.cancel();
        }
        completeReady();
        return true;
    }

    /** Returns a future that completes when the byte at an offset can be read, or never will be. */
    CompletableFuture<Void> ready(long offset) {
        CompletableFuture<Void> ready = awaited.add(offset);
        completeReady();
        return ready;
    }

    /** Completes the futures of those whose bytes can be read, or never will be. Must be called without the lock. */
    private void completeReady() {
        long end;
        lock.lock();
        try {
            end = isLost() ? Long.MAX_VALUE : readable();
        } finally {
            lock.unlock();
        }
        awaited.complete(end);
    }

    /** Returns whether the content will not be complete. Requires the lock. */
    private boolean isLost() {
        return phase == Phase.ABANDONED || (phase == Phase.ENDED && outcome != FillOutcome.COMPLETE);
    }

    /**
     * Returns the end of what can be read now.
     *
     * @throws IOException if there will be no more
     */
    long readableNow() throws IOException {
        lock.lock();
        try {
            if (isLost()) {
                throw new BlobStoreException(
                        Operation.READ, blob.key(), "could not be downloaded: " + problem, problem, true);
            }
            return readable();
        } finally {
            lock.unlock();
        }
    }

    /** Enters the fill if there are bytes to read, and returns the offset of their end; otherwise returns 0. */
    long enterNow(long at) throws IOException {
        lock.lock();
        try {
            long readable = readableNow();
            if (readable <= at) {
                return 0;
            }
            inside++;
            return readable;
        } finally {
            lock.unlock();
        }
    }

    /** Returns how the fill has ended for those who did not get everything from it. */
    FillOutcome outcome() {
        lock.lock();
        try {
            return outcome == FillOutcome.COMPLETE
                    ? FillOutcome.LOST
                    : outcome; // complete, but it was abandoned before
        } finally {
            lock.unlock();
        }
    }

    /** Returns what this thread may read, between entering and exiting. */
    ContentWriter writerInUse() {
        lock.lock();
        try {
            ContentWriter content = writer;
            if (content == null) {
                throw new IllegalStateException("this thread has not entered the fill");
            }
            return content;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Enters the fill when there are bytes to read, and returns the offset of their end; -1 if there will be none.
     * Nothing closes the writer until {@link #exit}. An interrupt may end the fill.
     *
     * @param flushes whether this thread writes to the file meanwhile: an interrupt would close that for all
     * @throws IOException if the thread is interrupted
     */
    long enter(long at, boolean flushes) throws IOException {
        boolean stalled = false;
        lock.lock();
        try {
            while (!stalled) {
                if (isLost()) {
                    return -1;
                }
                long readable = readable();
                if (readable > at) {
                    inside++;
                    return readable;
                }
                long patience = stallNanos - (System.nanoTime() - lastProgress);
                stalled = patience <= 0 && phase != Phase.ENDING;
                if (phase == Phase.ENDING) {
                    changed.await(); // takes the disk only, and its end is signalled
                } else if (!stalled) {
                    changed.awaitNanos(flushes ? Math.min(patience, FLUSH_NANOS) : patience);
                    if (flushes) {
                        unlocked(this::flush);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FillReads.interrupted(blob.key(), e);
        } finally {
            lock.unlock();
        }
        if (abandon()) {
            LOG.warn(
                    "The download of '{}' into the cache made no progress for {} ms, and is given up",
                    blob.key(),
                    TimeUnit.NANOSECONDS.toMillis(stallNanos));
        }
        return -1;
    }

    /** Runs something without the lock, which is held. */
    private void unlocked(Runnable work) {
        lock.unlock();
        try {
            work.run();
        } finally {
            lock.lock();
        }
    }

    /** Makes readable what was compressed since the last bytes arrived. Must be called without the lock. */
    private void flush() {
        ContentWriter content;
        lock.lock();
        try {
            content = writer;
            if (phase != Phase.RUNNING || content == null) {
                return;
            }
            inside++; // so that it is neither committed nor closed meanwhile
        } finally {
            lock.unlock();
        }
        long before = content.readable();
        try {
            content.flush();
        } catch (IOException | IllegalStateException e) { // then the download cannot write either
            blame(FillOutcome.REFUSED, e);
        } finally {
            exit();
        }
        if (content.readable() > before) {
            signalAll();
            completeReady();
        }
    }

    private void signalAll() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Leaves what {@link #enter} or {@link #enterNow} entered. */
    void exit() {
        lock.lock();
        try {
            inside--;
            if (inside == 0 && phase != Phase.RUNNING) { // somebody may wait for that
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the end of what may be read now. Requires the lock. */
    private long readable() {
        ContentWriter content = writer;
        if (content == null) {
            return 0;
        }
        return switch (phase) {
            case RUNNING -> Math.min(content.readable(), blob.size() - HELD_BACK);
            case ENDED -> blob.size();
            default -> 0;
        };
    }
}
