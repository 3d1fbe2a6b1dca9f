package io.blobstore.spi;

import io.blobstore.MultipartUpload;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The uploads of a store that are neither completed nor aborted. Closing waits for creations in progress, as their ids
 * are unknown before the response, and the uploads could not be aborted later. Thread-safe.
 */
public final class OpenUploads implements Closeable {
    /** The time for which {@link #close()} waits for creations in progress. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Creates an upload. */
    @FunctionalInterface
    public interface Creation<T> {
        /** Sends the request that creates the upload. */
        T run() throws IOException;
    }

    /** Aborts an upload. */
    @FunctionalInterface
    public interface Abortion {
        /** Aborts the upload as {@link MultipartUpload#abort} does. */
        void run() throws IOException;
    }

    /** Aborts an upload with one request, whoever asks first; others wait until it is aborted. */
    private static final class AbortedOnce implements Abortion {
        private final Abortion abortion;
        private final ReentrantLock lock = new ReentrantLock();
        // Guarded by lock:
        private boolean aborted;

        AbortedOnce(Abortion abortion) {
            this.abortion = abortion;
        }

        @Override
        public void run() throws IOException {
            lock.lock();
            try {
                if (!aborted) {
                    abortion.run();
                    aborted = true; // only now: after a failure, another call tries again
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private final Map<Object, Abortion> uploads = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private int creating;
    private boolean closed;

    /** Creates an empty set of uploads. */
    public OpenUploads() {}

    /**
     * Creates an upload, or aborts it at once if the store was closed meanwhile.
     *
     * @throws IllegalStateException if the store is closed
     */
    public <T extends MultipartUpload> T create(Creation<T> creation) throws IOException {
        return create(creation, upload -> upload::abort);
    }

    /**
     * Creates an upload that is not a {@link MultipartUpload}, such as that of a copy in parts, or aborts it at once if
     * the store was closed meanwhile. The caller must {@linkplain #remove remove} it.
     *
     * @throws IllegalStateException if the store is closed
     */
    public <T> T create(Creation<T> creation, Function<T, Abortion> abortion) throws IOException {
        begin();
        try {
            T upload = creation.run();
            Abortion abort = new AbortedOnce(abortion.apply(upload));
            if (isAdded(upload, abort)) {
                return upload;
            }
            IllegalStateException refusal = new IllegalStateException("the store was closed meanwhile");
            try {
                abort.run();
            } catch (IOException | RuntimeException e) {
                refusal.addSuppressed(e);
            }
            throw refusal;
        } finally {
            end();
        }
    }

    /**
     * Aborts an upload that {@link #create(Creation, Function)} returned, unless it is aborted already. If the store is
     * being closed, which aborts it too, waits for that.
     */
    public void abort(Object upload) throws IOException {
        Abortion abortion = uploads.get(upload);
        if (abortion != null) {
            abortion.run();
        }
    }

    /** Removes an upload that has ended. */
    public void remove(Object upload) {
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

    private boolean isAdded(Object upload, Abortion abortion) {
        lock.lock();
        try {
            if (!closed) {
                uploads.put(upload, abortion);
            }
            return !closed;
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

    /** Refuses further uploads, and aborts the open ones. Idempotent. */
    @Override
    public void close() throws IOException {
        refuseAndAwaitCreations();
        IOException problem = null;
        for (Abortion upload : List.copyOf(uploads.values())) {
            problem = abort(upload, problem);
        }
        if (problem != null) {
            throw problem;
        }
    }

    private static @Nullable IOException abort(Abortion upload, @Nullable IOException before) {
        try {
            upload.run();
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
                    interrupted = true; // restored below: the wait is bounded
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
