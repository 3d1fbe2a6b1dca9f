package io.blobstore.s3;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The uploads of a store that are neither completed nor aborted, those of its copies too. Those whose creation is under way when
 * the store is closed count: their ids are still on their way here, and nobody could free them later.
 */
final class OpenUploads {
    /** How long the end waits for creations under way. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** What keeps parts on the server until it is ended. */
    interface Abortable {
        void abort() throws IOException;
    }

    private final Set<Abortable> uploads = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private int creating;
    private boolean closed;

    /** Creates an upload, or aborts it at once if the store was closed meanwhile. */
    <T extends Abortable> T create(S3Bucket.Operation<T> creation) throws IOException {
        begin();
        try {
            T upload = creation.run();
            if (isAdded(upload)) {
                return upload;
            }
            IllegalStateException refusal = new IllegalStateException("the store was closed meanwhile");
            try {
                upload.abort();
            } catch (IOException | RuntimeException e) {
                refusal.addSuppressed(e);
            }
            throw refusal;
        } finally {
            end();
        }
    }

    void remove(Abortable upload) {
        uploads.remove(upload);
    }

    private void begin() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this store is closed");
            }
            creating++;
        } finally {
            lock.unlock();
        }
    }

    private boolean isAdded(Abortable upload) {
        lock.lock();
        try {
            return !closed && uploads.add(upload);
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            creating--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses further uploads, and aborts those there are. Idempotent. */
    void close() throws IOException {
        refuseAndAwaitCreations();
        IOException problem = null;
        for (Abortable upload : List.copyOf(uploads)) {
            problem = abort(upload, problem);
        }
        if (problem != null) {
            throw problem;
        }
    }

    private static @Nullable IOException abort(Abortable upload, @Nullable IOException before) {
        try {
            upload.abort();
        } catch (IOException e) {
            if (before == null) {
                return e;
            }
            before.addSuppressed(e);
        }
        return before;
    }

    private void refuseAndAwaitCreations() {
        boolean interrupted = false;
        long nanos = GRACE.toNanos();
        lock.lock();
        try {
            closed = true;
            while (creating > 0 && nanos > 0) {
                try {
                    nanos = changed.awaitNanos(nanos);
                } catch (InterruptedException e) {
                    interrupted = true; // put off: the wait is bounded
                }
            }
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
