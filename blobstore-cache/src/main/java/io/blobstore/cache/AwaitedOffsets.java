package io.blobstore.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/** Futures that complete when the bytes at their offsets can be read. Thread-safe. */
final class AwaitedOffsets {
    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by lock. */
    private final List<Awaited> awaited = new ArrayList<>();

    private record Awaited(long offset, CompletableFuture<Void> ready) {}

    /** Returns a future of an offset. */
    CompletableFuture<Void> add(long offset) {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        lock.lock();
        try {
            awaited.add(new Awaited(offset, ready));
        } finally {
            lock.unlock();
        }
        return ready;
    }

    /** Completes the futures of the offsets before an end. To be called without a lock, as dependents may run. */
    void complete(long end) {
        List<CompletableFuture<Void>> due = new ArrayList<>();
        lock.lock();
        try {
            awaited.removeIf(one -> one.offset < end && due.add(one.ready));
        } finally {
            lock.unlock();
        }
        due.forEach(ready -> ready.complete(null));
    }
}
