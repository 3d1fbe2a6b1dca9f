package io.blobstore.server.internal;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that work on the cache for all endpoints: they may block on the disk, and never on a client. The number
 * of tasks that wait is bounded. Thread-safe.
 */
public final class Workers implements Executor {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MAX_QUEUE = 16 << 10;
    private static final long IDLE_SECONDS = 10;

    private final ThreadPoolExecutor executor;

    /** Creates the pool, whose threads are started when they are needed. */
    public Workers(int threads) {
        this("worker", threads, new ArrayBlockingQueue<>(MAX_QUEUE));
    }

    private Workers(String name, int threads, BlockingQueue<Runnable> queue) {
        AtomicInteger number = new AtomicInteger();
        executor = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, queue, task -> {
            Thread thread = new Thread(task, "blobstore-server-" + name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        executor.allowCoreThreadTimeOut(true);
    }

    /** Creates a pool for calls of gRPC, which bounds their number by itself and cannot be refused a thread. */
    public static Workers forCalls(int threads) {
        return new Workers("call", threads, new LinkedBlockingQueue<>());
    }

    /** Creates a pool for requests to a remote cache, which may wait for that. */
    public static Workers forRemote(String purpose, int threads) {
        return new Workers("remote-" + purpose, threads, new LinkedBlockingQueue<>());
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
     * Refuses further tasks, and waits until those that were accepted have ended: soon, as none waits for a client.
     *
     * @return whether the thread was interrupted meanwhile, which does not end the wait
     */
    public boolean closeAndWait() {
        executor.shutdown();
        return awaitEnd();
    }

    /**
     * Refuses further tasks, drops those that wait, interrupts those that run, and waits until they have ended.
     *
     * @return whether the thread was interrupted meanwhile, which does not end the wait
     */
    public boolean interruptAndWait() {
        executor.shutdownNow();
        return awaitEnd();
    }

    private boolean awaitEnd() {
        boolean interrupted = false;
        for (; ; ) {
            try {
                if (executor.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    return interrupted;
                }
                LOG.warn("tasks of the server did not end within {}; still waiting", PATIENCE);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }
}
