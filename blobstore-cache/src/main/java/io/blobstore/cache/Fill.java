package io.blobstore.cache;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.cas.ContentWriter;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.Transfer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
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
 * <p>While it is RUNNING, waiters read what was written so far, except for the last {@value #HELD_BACK} bytes: those
 * are delivered after the whole content was verified. Only one thread writes, and none reads while the writer is
 * committed or closed (ENDING). After a success the writer stays open until the last waiter has left, so that an
 * eviction does not affect them. Thread-safe.
 */
final class Fill {
    private static final Logger LOG = LoggerFactory.getLogger(Fill.class);
    /** As many bytes as a frame of the cache has: the writer does not show the last frame earlier either. */
    static final int HELD_BACK = 1 << 20;
    /** How often what was compressed is written while the download waits for the store. */
    private static final long FLUSH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How a fill ended. */
    enum Outcome {
        /** All content is in the cache. */
        COMPLETE,
        /** It failed or was abandoned, but another one may succeed. */
        LOST,
        /** The content is not what the store says. */
        WRONG,
        /** The cache cannot take the content. */
        REFUSED,
        /** The store refuses to return the content. */
        FINAL
    }

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
    private Outcome outcome = Outcome.LOST;
    private @Nullable Throwable problem;
    private boolean problemIsKnown;
    private @Nullable ContentWriter writer;
    private @Nullable Transfer<ReadResult> transfer;
    private boolean committed;
    private int waiters = 1; // the reader that created it
    /** The number of threads inside {@link ContentWriter#read}. */
    private int inside;

    private long lastProgress = System.nanoTime();
    /** Who waits without a thread. */
    private final List<Awaited> awaited = new ArrayList<>();

    private record Awaited(long offset, CompletableFuture<Void> ready) {}

    private final CompletableFuture<Outcome> end = new CompletableFuture<>();

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
    void blame(Outcome kind, Throwable cause) {
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

    private boolean committed() {
        lock.lock();
        try {
            return committed;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the fill: nothing writes any more. The room of what failed is free before a waiter is told. */
    void ended(@Nullable Throwable failure) {
        quiesce();
        ContentWriter unused;
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
                outcome = Outcome.COMPLETE;
            } else if (!problemIsKnown && !abandoned) {
                outcome = classify(failure);
                problem = failure;
            }
            unused = waiters > 0 ? null : takeWriter();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        close(unused);
        completeReady();
        end.complete(committed() ? Outcome.COMPLETE : outcome());
    }

    /** Notes that no download was begun, so that nobody waits for its end. */
    void neverBegan() {
        end.complete(Outcome.LOST);
    }

    /** Returns the end of the fill, when nothing uses the cache or the store any more. */
    CompletableFuture<Outcome> end() {
        return end.copy();
    }

    private static Outcome classify(@Nullable Throwable failure) {
        if (failure instanceof IntegrityException) {
            return Outcome.WRONG;
        }
        if (failure instanceof BlobStoreException problem) {
            return problem.isRetryable() || Interrupts.caused(problem) ? Outcome.LOST : Outcome.FINAL;
        }
        return failure instanceof IOException || failure instanceof CancellationException
                ? Outcome.LOST
                : Outcome.FINAL;
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

    /**
     * Copies content into a window as it arrives, until the end of the range, or of the fill.
     *
     * @param from the offset of the first byte
     * @param end the offset after the last byte
     * @return {@link Outcome#COMPLETE} if all bytes were put into the window
     * @throws TargetException if the window fails
     * @throws IOException if the thread is interrupted
     */
    Outcome copy(long from, long end, MeasuredWindow target) throws IOException {
        for (long at = from; at < end; ) {
            ByteBuffer buffer = target.buffer(); // before entering, as it may write to a file
            long readable = enter(at, false);
            if (readable < 0) {
                return outcome();
            }
            int bytes;
            try {
                bytes = read(at, Math.min(readable, end), buffer);
            } catch (IOException e) {
                if (Interrupts.caused(e)) {
                    throw interrupted(e);
                }
                LOG.warn("What was written of '{}' to the cache cannot be read", blob.key(), e);
                return Outcome.REFUSED;
            } finally {
                exit();
            }
            if (bytes <= 0) {
                return Outcome.LOST; // content of one frame is never in a file of its own: it is in the cache now
            }
            at += bytes;
        }
        return Outcome.COMPLETE;
    }

    /**
     * Waits until all content is in the cache, or the fill has failed. An interrupt may end the fill.
     *
     * @throws IOException if the thread is interrupted
     */
    Outcome await() throws IOException {
        if (enter(blob.size() - 1, true) < 0) { // the last byte is readable when the whole is complete
            return outcome();
        }
        exit();
        return Outcome.COMPLETE;
    }

    /**
     * Waits until the first bytes can be read. An interrupt may end the fill.
     *
     * @return false if there will be none
     * @throws IOException if the thread is interrupted
     */
    boolean awaitBegin() throws IOException {
        boolean begun = enter(0, true) > 0;
        if (begun) {
            exit();
        }
        return begun;
    }

    /** Returns a future that completes when the byte at an offset can be read, or never will be. */
    CompletableFuture<Void> ready(long offset) {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        lock.lock();
        try {
            awaited.add(new Awaited(offset, ready));
        } finally {
            lock.unlock();
        }
        completeReady();
        return ready;
    }

    /** Completes the futures of those whose bytes can be read, or never will be. Must be called without the lock. */
    private void completeReady() {
        List<CompletableFuture<Void>> due = new ArrayList<>();
        lock.lock();
        try {
            long end = isLost() ? Long.MAX_VALUE : readable();
            awaited.removeIf(one -> one.offset < end && due.add(one.ready));
        } finally {
            lock.unlock();
        }
        due.forEach(ready -> ready.complete(null));
    }

    /** Returns whether the content will not be complete. Requires the lock. */
    private boolean isLost() {
        return phase == Phase.ABANDONED || (phase == Phase.ENDED && outcome != Outcome.COMPLETE);
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

    /** Reads what can be read now at an offset; see {@link ArrivingContent#read}. */
    int readNow(long at, ByteBuffer buffer) throws IOException {
        long readable;
        lock.lock();
        try {
            readable = readableNow();
            if (readable <= at) {
                return 0;
            }
            inside++;
        } finally {
            lock.unlock();
        }
        try {
            int bytes = read(at, readable, buffer);
            if (bytes <= 0 && buffer.hasRemaining()) {
                throw new BlobStoreException(Operation.READ, blob.key(), "cannot be read from the cache", null, true);
            }
            return bytes;
        } finally {
            exit();
        }
    }

    private Outcome outcome() {
        lock.lock();
        try {
            return outcome == Outcome.COMPLETE ? Outcome.LOST : outcome; // complete, but it was abandoned before
        } finally {
            lock.unlock();
        }
    }

    private int read(long at, long end, ByteBuffer buffer) throws IOException {
        ContentWriter content = writerInUse();
        int limit = buffer.limit();
        buffer.limit((int) Math.min(limit, buffer.position() + (end - at)));
        try {
            return content.read(at, buffer);
        } finally {
            buffer.limit(limit);
        }
    }

    private ContentWriter writerInUse() {
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
     * Waits until there are bytes to read, and returns the offset of their end; -1 if there will be none.
     *
     * @param flushes whether this thread writes to the file meanwhile: an interrupt would close that for all
     */
    private long enter(long at, boolean flushes) throws IOException {
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
            throw interrupted(e);
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
            blame(Outcome.REFUSED, e);
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

    private void exit() {
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

    private BlobStoreException interrupted(Exception cause) {
        IOException interrupted = new InterruptedIOException("interrupted while waiting for a download");
        interrupted.initCause(cause);
        return new BlobStoreException(
                Operation.READ,
                blob.key(),
                "was interrupted while the blob was downloaded into the cache",
                interrupted,
                true);
    }
}
