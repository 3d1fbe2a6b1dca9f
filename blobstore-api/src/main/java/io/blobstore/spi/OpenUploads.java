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
 * The uploads of a store that are neither completed nor aborted. Those whose creation is under way when the store is
 * closed count: their ids are still on their way here, and nobody could free them later. Thread-safe.
 */
public final class OpenUploads implements Closeable {
    /** How long the end waits for creations under way. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Begins an upload. */
    @FunctionalInterface
    public interface Creation<T> {
        /** Asks the store for it. */
        T run() throws IOException;
    }

    /** Frees what a store keeps of an upload. */
    @FunctionalInterface
    public interface Abortion {
        /** As {@link MultipartUpload#abort}. */
        void run() throws IOException;
    }

    private final Map<Object, Abortion> uploads = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by lock:
    private int creating;
    private boolean closed;

    /** None. */
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
     * The same for what is an upload to the store alone, as that of a copy is. To be {@linkplain #remove removed} by
     * the caller.
     */
    public <T> T create(Creation<T> creation, Function<T, Abortion> abortion) throws IOException {
        begin();
        try {
            T upload = creation.run();
            Abortion abort = abortion.apply(upload);
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

    /** Forgets an upload that has ended. */
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

    /** Refuses further uploads, and aborts those there are. Idempotent. */
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
