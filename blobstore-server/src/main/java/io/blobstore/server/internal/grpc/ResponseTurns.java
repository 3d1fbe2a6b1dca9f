package io.blobstore.server.internal.grpc;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets only so many bytes of responses be on their way to clients at a time; others wait, in order, without a thread.
 * One is always on its way, however large. Thread-safe.
 */
final class ResponseTurns {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseTurns.class);

    private final long max;
    private final Executor executor;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
    private long taken;

    /**
     * Creates the order.
     *
     * @param max how many bytes may be on their way
     * @param executor runs those that had to wait
     */
    ResponseTurns(long max, Executor executor) {
        this.max = max;
        this.executor = executor;
    }

    /** Returns a turn for a response of a number of bytes, which {@link Turn#await waits} when it is told to. */
    Turn of(long bytes, Runnable task) {
        return new Turn(bytes, task);
    }

    /** One response. */
    final class Turn implements AutoCloseable {
        private final long bytes;
        private final Runnable task;
        // Guarded by lock:
        private boolean running;
        private boolean closed;

        private Turn(long bytes, Runnable task) {
            this.bytes = bytes;
            this.task = task;
        }

        /** Runs the task: now if there is room, otherwise later. Never if this is closed before. */
        void await() {
            lock.lock();
            try {
                if (closed) {
                    return;
                }
                if (!waiting.isEmpty() || !fits()) {
                    waiting.add(this);
                    return;
                }
                start();
            } finally {
                lock.unlock();
            }
            task.run();
        }

        private boolean fits() {
            return taken == 0 || taken + bytes <= max;
        }

        private void start() {
            running = true;
            taken += bytes;
        }

        /** Ends it: the client has taken the response, or wants none. Idempotent. */
        @Override
        public void close() {
            List<Turn> next = new ArrayList<>();
            lock.lock();
            try {
                if (closed) {
                    return;
                }
                closed = true;
                if (running) {
                    taken -= bytes;
                } else {
                    waiting.remove(this);
                }
                for (Turn first = waiting.peek(); first != null && first.fits(); first = waiting.peek()) {
                    waiting.remove();
                    first.start();
                    next.add(first);
                }
            } finally {
                lock.unlock();
            }
            next.forEach(Turn::run);
        }

        private void run() {
            try {
                executor.execute(task);
            } catch (RejectedExecutionException e) {
                LOG.debug("the server was closed while a response waited", e); // and its connection with it
            }
        }
    }
}
