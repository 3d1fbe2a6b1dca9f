package io.blobstore.server.internal;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that work on the cache for all faces: they may block on the disk, and never on a client. The number of
 * tasks that wait is bounded. Thread-safe.
 */
public final class Workers implements Executor {
    private static final int MAX_QUEUE = 16 << 10;
    private static final long IDLE_SECONDS = 10;

    private final ThreadPoolExecutor executor;

    /** Creates the pool, whose threads are started when they are needed. */
    public Workers(int threads) {
        AtomicInteger number = new AtomicInteger();
        executor = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_QUEUE), task -> {
                    Thread thread = new Thread(task, "blobstore-server-worker-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs a task, which must not wait for a client.
     *
     * @throws RejectedExecutionException if too many tasks wait, or this is closed
     */
    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    /** Returns the number of tasks that wait for a thread. */
    public int waiting() {
        return executor.getQueue().size();
    }

    /**
     * Refuses further tasks, and waits until those that were accepted have ended.
     *
     * @return whether they have; false if the time is over
     */
    public boolean close(Duration timeout) throws InterruptedException {
        executor.shutdown();
        return executor.awaitTermination(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }
}
