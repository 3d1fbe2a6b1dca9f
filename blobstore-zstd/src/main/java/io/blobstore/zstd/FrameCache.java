package io.blobstore.zstd;

import io.blobstore.BlobKey;
import io.blobstore.BlobVersion;
import io.blobstore.internal.buffer.DirectBufferPool.PooledBuffer;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the frames that were decoded last and wanted in part only, so that consecutive small reads fetch and decode
 * their frame once. Frames are identified by the version of their blob, so none is ever out of date.
 *
 * <p>Memory: pooled buffers of up to a number of bytes together, or one larger frame. Thread-safe.
 */
final class FrameCache {
    private final long maxBytes;

    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Map<Id, Entry> frames = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    FrameCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    private record Id(BlobKey key, BlobVersion version, int frame) {
        static Id of(CompressedBlob blob, int frame) {
            return new Id(blob.stored().key(), blob.stored().version(), frame);
        }
    }

    private static final class Entry {
        final PooledBuffer memory;
        final int length;
        // Guarded by the lock: the cache, as long as the frame is in it, and those who read
        int users = 1;

        Entry(PooledBuffer memory, int length) {
            this.memory = memory;
            this.length = length;
        }

        /** Returns the memory that it takes, which may be more than its content. */
        long bytes() {
            return memory.buffer().capacity();
        }
    }

    /** A frame while it is read, to be closed. For one thread. */
    final class CachedFrame implements Closeable {
        private final Entry entry;

        private CachedFrame(Entry entry) {
            this.entry = entry;
        }

        /** Returns the content of the frame, from position 0 on; valid until this is closed. */
        ByteBuffer content() {
            return entry.memory.buffer().slice(0, entry.length);
        }

        @Override
        public void close() {
            release(entry);
        }
    }

    /** Finds a frame. */
    Optional<CachedFrame> find(CompressedBlob blob, int frame) {
        lock.lock();
        try {
            Entry entry = frames.get(Id.of(blob, frame));
            if (entry == null) {
                return Optional.empty();
            }
            entry.users++;
            return Optional.of(new CachedFrame(entry));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Keeps a frame, and forgets those that were not used for longest. Takes over the memory.
     *
     * @param decoded has the content of the frame from 0 on
     */
    void put(CompressedBlob blob, int frame, PooledBuffer decoded, int length) {
        Entry entry = new Entry(decoded, length);
        lock.lock();
        try {
            Entry replaced = frames.put(Id.of(blob, frame), entry);
            bytes += entry.bytes();
            if (replaced != null) {
                forget(replaced);
            }
            Iterator<Entry> eldest = frames.values().iterator();
            while (bytes > maxBytes && frames.size() > 1) {
                Entry forgotten = eldest.next();
                eldest.remove();
                forget(forgotten);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Requires the lock. */
    private void forget(Entry entry) {
        bytes -= entry.bytes();
        release(entry);
    }

    private void release(Entry entry) {
        boolean last;
        lock.lock();
        try {
            entry.users--;
            last = entry.users == 0;
        } finally {
            lock.unlock();
        }
        if (last) {
            entry.memory.close();
        }
    }
}
