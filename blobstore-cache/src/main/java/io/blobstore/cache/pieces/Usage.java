package io.blobstore.cache.pieces;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the calls and views that use a cache, and releases it once: when it is closed and the last of them has ended.
 * Thread-safe.
 */
final class Usage {
    private static final Logger LOG = LoggerFactory.getLogger(Usage.class);

    private final Release release;
    /** Held for a few instructions. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private int holds;
    private boolean closed;

    /** Releases what is used. */
    interface Release {
        void run() throws IOException;
    }

    Usage(Release release) {
        this.release = release;
    }

    /** One use, to be closed. Idempotent. */
    final class Hold implements Closeable {
        private final AtomicBoolean ended = new AtomicBoolean();

        private Hold() {}

        @Override
        public void close() {
            if (ended.compareAndSet(false, true) && changed(-1, false)) {
                try {
                    release.run();
                } catch (IOException e) {
                    LOG.warn("A cache of pieces was closed with a failure", e);
                }
            }
        }
    }

    /**
     * Begins a use.
     *
     * @throws IllegalStateException if the cache is closed
     */
    Hold hold() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("this cache of pieces is closed");
            }
            holds++;
            return new Hold();
        } finally {
            lock.unlock();
        }
    }

    /** Refuses further uses, and releases the cache if there is none. Idempotent. */
    void close() throws IOException {
        if (changed(0, true)) {
            release.run();
        }
    }

    /** Returns whether this change is the one after which the cache is released. */
    private boolean changed(int more, boolean close) {
        lock.lock();
        try {
            boolean before = closed && holds == 0;
            holds += more;
            closed |= close;
            return !before && closed && holds == 0;
        } finally {
            lock.unlock();
        }
    }
}
