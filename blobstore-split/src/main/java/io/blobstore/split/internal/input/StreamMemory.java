package io.blobstore.split.internal.input;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/** The segments of one stream that exist, and the bound on their memory. Thread-safe. */
final class StreamMemory {
    private final long limit;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final Set<Segment> segments = new HashSet<>();
    private long used;

    /**
     * Creates the bound.
     *
     * @param limit in bytes
     */
    StreamMemory(long limit) {
        this.limit = limit;
    }

    boolean hasRoomFor(int bytes) {
        lock.lock();
        try {
            return used + bytes <= limit;
        } finally {
            lock.unlock();
        }
    }

    void add(Segment segment, long bytes) {
        lock.lock();
        try {
            segments.add(segment);
            used += bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Removes a segment; does nothing if it was removed. */
    void remove(Segment segment, long bytes) {
        lock.lock();
        try {
            if (segments.remove(segment)) {
                used -= bytes;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Frees all segments, whoever uses them. */
    void freeAll() {
        List<Segment> left;
        lock.lock();
        try {
            left = List.copyOf(segments);
        } finally {
            lock.unlock();
        }
        left.forEach(Segment::free);
    }
}
