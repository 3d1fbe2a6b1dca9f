package io.blobstore.zstd;

import java.io.Closeable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that compress for one upload: platform threads, as they never block, and would occupy the carriers of
 * virtual ones. Started when they are needed; daemons. Thread-safe.
 */
final class CompressionThreads implements Executor, Closeable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final ExecutorService threads;

    CompressionThreads(int count) {
        threads = Executors.newFixedThreadPool(count, task -> {
            Thread thread = new Thread(task, "blobstore-compress-" + NUMBER.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    /** Ends the threads as soon as their tasks are done. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
