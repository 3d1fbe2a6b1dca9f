package io.blobstore.zstd.internal;

import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reuses objects that are expensive to create, such as the contexts of zstd, one user at a time. Thread-safe. */
public final class IdleObjects<T> implements Closeable {
    private final Supplier<T> create;
    private final Consumer<T> destroy;
    private final int maxIdle;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Deque<T> idle = new ArrayDeque<>();
    private boolean closed;

    /**
     * Creates an empty pool.
     *
     * @param maxIdle the most objects that are kept while nobody uses them
     */
    public IdleObjects(Supplier<T> create, Consumer<T> destroy, int maxIdle) {
        this.create = create;
        this.destroy = destroy;
        this.maxIdle = maxIdle;
    }

    /** Returns an object that nobody else uses, to be given back. The one given back last may still be cached. */
    public T take() {
        T object = poll();
        return object != null ? object : create.get();
    }

    private @Nullable T poll() {
        lock.lock();
        try {
            return idle.pollFirst();
        } finally {
            lock.unlock();
        }
    }

    /** Takes back an object. */
    public void give(T object) {
        if (!keep(object)) {
            destroy.accept(object);
        }
    }

    private boolean keep(T object) {
        lock.lock();
        try {
            if (closed || idle.size() >= maxIdle) {
                return false;
            }
            idle.addFirst(object);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Destroys the idle objects, and each one in use when it is given back. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        for (T object = poll(); object != null; object = poll()) {
            destroy.accept(object);
        }
    }
}
