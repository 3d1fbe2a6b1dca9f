package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.IntegrityException;
import io.blobstore.Operation;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The blobs that wait to be uploaded, within bounds, and whose turn it is at a key. For each key there is the blob that
 * was acknowledged last, and perhaps an earlier one while it is being uploaded. No I/O is done under its lock.
 * Thread-safe.
 */
final class WriteBackQueue {
    /** The difference to it orders times, which {@link System#nanoTime()} alone need not. */
    private static final long ORIGIN = System.nanoTime();

    private final int maxBlobs;
    private final long maxBytes;

    private final ReentrantLock lock = new ReentrantLock(true);
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    /** The blob that was acknowledged last of each key, the oldest first. */
    private final LinkedHashMap<BlobKey, PendingBlob> latest = new LinkedHashMap<>();
    /** The keys at which a thread changes the remote store. */
    private final Set<BlobKey> busy = new HashSet<>();
    /**
     * The blobs that were acknowledged last of those keys that are not busy, the one that is due first at the front.
     */
    private final TreeSet<PendingBlob> idle = new TreeSet<>(
            Comparator.<PendingBlob>comparingLong(blob -> blob.due - ORIGIN).thenComparingLong(blob -> blob.order));

    private long added;
    private long blobs;
    private long bytes;
    private boolean stopped;

    WriteBackQueue(int maxBlobs, long maxBytes) {
        this.maxBlobs = maxBlobs;
        this.maxBytes = maxBytes;
    }

    // ---- bounds

    /** Takes room for a blob; false if there is none. */
    boolean reserve(long size) {
        lock.lock();
        try {
            boolean fits = !stopped && blobs < maxBlobs && size <= maxBytes - bytes;
            if (fits) {
                blobs++;
                bytes += size;
            }
            return fits;
        } finally {
            lock.unlock();
        }
    }

    /** Takes room for a blob that was acknowledged before a restart, whatever the bounds. */
    void reserveAnyway(long size) {
        lock.lock();
        try {
            blobs++;
            bytes += size;
        } finally {
            lock.unlock();
        }
    }

    /** Returns room. */
    void release(long size) {
        lock.lock();
        try {
            blobs--;
            bytes -= size;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of blobs that wait or are being accepted. */
    long blobs() {
        lock.lock();
        try {
            return blobs;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of bytes of these blobs. */
    long bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    // ---- blobs

    /**
     * Adds a blob, in place of the one that its key had; if that is being uploaded, it follows. Takes the turn at the
     * key if that is free, and a blob was replaced.
     *
     * @return whether the turn was taken: then the caller deletes the records of {@linkplain #takeReplaced what was
     *     replaced}, and ends it
     */
    boolean add(PendingBlob blob) {
        BlobKey key = blob.record.blob().key();
        lock.lock();
        try {
            PendingBlob earlier = latest.remove(key);
            if (earlier != null) {
                idle.remove(earlier);
            }
            blob.order = added++;
            latest.put(key, blob);
            if (!busy.contains(key)) {
                idle.add(blob);
            }
            if (earlier != null && !earlier.uploading) {
                blob.replaced.addAll(earlier.replaced);
                blob.replaced.add(earlier);
                earlier.replaced.clear();
            }
            changed.signalAll();
            return !blob.replaced.isEmpty() && beginTurn(key);
        } finally {
            lock.unlock();
        }
    }

    /** Returns the blobs that one has replaced, once, the oldest first. The caller has the turn at the key. */
    List<PendingBlob> takeReplaced(PendingBlob blob) {
        lock.lock();
        try {
            List<PendingBlob> replaced = List.copyOf(blob.replaced);
            blob.replaced.clear();
            return replaced;
        } finally {
            lock.unlock();
        }
    }

    /** Returns the blob that a key has until it is uploaded. */
    Optional<PendingBlob> get(BlobKey key) {
        lock.lock();
        try {
            return Optional.ofNullable(latest.get(key));
        } finally {
            lock.unlock();
        }
    }

    /** Returns the keys that have a blob which waits, and match. */
    List<BlobKey> keys(Predicate<BlobKey> wanted) {
        lock.lock();
        try {
            return latest.keySet().stream().filter(wanted).toList();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a blob if it is still the one of its key. Returns whether it was. */
    boolean remove(PendingBlob blob) {
        lock.lock();
        try {
            boolean removed = latest.remove(blob.record.blob().key(), blob);
            idle.remove(blob);
            changed.signalAll();
            return removed;
        } finally {
            lock.unlock();
        }
    }

    // ---- turns

    /** Takes the turn at a key; false if another thread has it. Requires the lock. */
    private boolean beginTurn(BlobKey key) {
        PendingBlob blob = latest.get(key);
        if (blob != null) {
            idle.remove(blob);
        }
        return busy.add(key);
    }

    /** Ends the turn at a key. Requires the lock. */
    private void endTurn(BlobKey key) {
        busy.remove(key);
        PendingBlob blob = latest.get(key);
        if (blob != null) {
            idle.add(blob);
        }
    }

    /** Makes a blob due, unless it is being uploaded. Requires the lock. */
    private void hurry(PendingBlob blob) {
        if (!blob.uploading) {
            boolean waits = idle.remove(blob);
            blob.due = System.nanoTime();
            if (waits) {
                idle.add(blob);
            }
        }
    }

    /**
     * Waits until a blob is due, and takes the turn at its key.
     *
     * @return the blob; empty when the queue was stopped
     */
    Optional<PendingBlob> take() throws InterruptedException {
        lock.lock();
        try {
            while (!stopped) {
                long wait = idle.isEmpty() ? Long.MAX_VALUE : idle.first().due - System.nanoTime();
                if (wait <= 0) {
                    PendingBlob blob = idle.first();
                    beginTurn(blob.record.blob().key());
                    blob.uploading = true;
                    return Optional.of(blob);
                }
                changed.awaitNanos(wait);
            }
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends an attempt to upload a blob, and the turn, unless the blob is done with. Then the caller deletes its record
     * before it {@linkplain #unlockKey ends the turn}: a later change of the key would be undone by the record after a
     * crash.
     *
     * @param failure why it failed; null if it succeeded
     * @param delay how long to wait before the next attempt
     * @return whether the blob is done with: it was uploaded, or replaced by a later one
     */
    boolean attempted(PendingBlob blob, @Nullable Throwable failure, Duration delay) {
        BlobKey key = blob.record.blob().key();
        lock.lock();
        try {
            blob.uploading = false;
            blob.uploaded = failure == null;
            blob.attempts++;
            blob.failure = failure;
            blob.uncertain = failure != null;
            blob.due = System.nanoTime() + delay.toNanos();
            boolean done = failure == null || latest.get(key) != blob;
            if (done) {
                latest.remove(key, blob);
            } else {
                endTurn(key);
            }
            changed.signalAll();
            return done;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the last attempt to upload a blob, whose content was lost. The caller keeps the turn until its record is set
     * aside.
     *
     * @return whether it was the one of its key; otherwise a later one has replaced it, and nothing is lost
     */
    boolean lost(PendingBlob blob, Throwable cause) {
        lock.lock();
        try {
            blob.uploading = false;
            blob.lost = true;
            blob.attempts++;
            blob.failure = cause;
            changed.signalAll();
            return latest.remove(blob.record.blob().key(), blob);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the turn at a key. */
    void lockKey(Operation operation, BlobKey key) throws BlobStoreException {
        lock.lock();
        try {
            while (busy.contains(key)) {
                changed.await();
            }
            beginTurn(key);
        } catch (InterruptedException e) {
            throw interrupted(operation, key, e);
        } finally {
            lock.unlock();
        }
    }

    /** Ends the turn at a key. */
    void unlockKey(BlobKey key) {
        lock.lock();
        try {
            endTurn(key);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the blobs that keys have now are uploaded.
     *
     * @throws BlobStoreException if an attempt fails meanwhile, or the thread is interrupted
     * @throws IntegrityException if the content of one was lost
     */
    void settle(Operation operation, Predicate<BlobKey> wanted) throws BlobStoreException {
        lock.lock();
        try {
            Map<PendingBlob, Integer> waiting = new HashMap<>();
            latest.forEach((key, blob) -> {
                if (wanted.test(key)) {
                    waiting.put(blob, blob.attempts);
                    hurry(blob);
                }
            });
            changed.signalAll();
            for (Map.Entry<PendingBlob, Integer> entry : waiting.entrySet()) {
                awaitAttempt(operation, entry.getKey(), entry.getValue());
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until a blob is uploaded, or, if a later one replaces it before, that one. Requires the lock.
     *
     * @param attemptsBefore the number of attempts that ended before
     */
    private void awaitAttempt(Operation operation, PendingBlob first, int attemptsBefore) throws BlobStoreException {
        BlobKey key = first.record.blob().key();
        PendingBlob blob = first;
        int attempts = attemptsBefore;
        for (; ; ) {
            try {
                while ((latest.get(key) == blob || blob.uploading) && blob.attempts == attempts && !stopped) {
                    changed.await();
                }
            } catch (InterruptedException e) {
                throw interrupted(operation, key, e);
            }
            PendingBlob now = latest.get(key);
            if (blob.uploaded || (now == null && !blob.lost)) {
                return;
            }
            if (now == null) {
                throw new IntegrityException(
                        operation, key, "it was acknowledged, and lost before it was uploaded", blob.failure);
            }
            if (now == blob || stopped) {
                throw new BlobStoreException(
                        operation,
                        key,
                        "it waits to be uploaded, and that failed: "
                                + (blob.failure == null ? "the store is being closed" : blob.failure.getMessage()),
                        blob.failure,
                        true);
            }
            blob = now; // the key had a blob when this began, so the remote store must have one
            attempts = blob.attempts;
            hurry(blob);
            changed.signalAll();
        }
    }

    private static BlobStoreException interrupted(Operation operation, BlobKey key, InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new BlobStoreException(operation, key, "was interrupted while it waited for an upload", cause, true);
    }

    // ---- the end

    /** Waits until no blob is left, for a limited time. Returns whether none is. */
    boolean awaitEmpty(Duration timeout) throws InterruptedException {
        long nanos = TimeUnit.NANOSECONDS.convert(timeout);
        lock.lock();
        try {
            latest.values().forEach(this::hurry);
            changed.signalAll();
            while (!(latest.isEmpty() && busy.isEmpty()) && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
            return latest.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Accepts and hands out no more blobs. */
    void stop() {
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
