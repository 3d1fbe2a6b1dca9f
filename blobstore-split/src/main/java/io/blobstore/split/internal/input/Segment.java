package io.blobstore.split.internal.input;

import io.blobstore.BlobSource;
import java.util.concurrent.atomic.AtomicInteger;

/** Consecutive bytes of a stream that are kept: freed when the last user has released them. Thread-safe. */
abstract class Segment {
    private final long start;

    /** The input, and everything that was retained. */
    private final AtomicInteger users = new AtomicInteger(1);

    Segment(long start) {
        this.start = start;
    }

    /** Returns the offset of the first byte in the stream. */
    final long start() {
        return start;
    }

    /** Returns the offset behind the last byte that has arrived. */
    abstract long end();

    /** Returns bytes that have arrived. */
    abstract BlobSource content(long offset, long length);

    /** Frees the memory or the file. Idempotent. */
    abstract void free();

    /** Adds a user; there must be one. */
    final void use() {
        users.incrementAndGet();
    }

    final void release() {
        if (users.decrementAndGet() == 0) {
            free();
        }
    }
}
